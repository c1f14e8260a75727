/** Mulberry32. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** What is put into a message: where grammars differ. */
const PIECES = [
  ...'\r\n \t:;,0359aAfFzZ/?#*\0\x7f\x0b\x0c\xa0\x80"-+_()[]'.split(""),
  "\r\n",
  "\r\n\r\n",
  "\n\n",
  "\r\n ",
  "\r\n\t",
  " :",
  ": ",
  "0\r\n\r\n",
  "\r\n0\r\n",
  "0x",
  "1_0",
  "ffffffffffffffff",
  "chunked",
  "identity",
  "Content-Length: 3\r\n",
  "content-length:4\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding:\tChunked \r\n",
  "Connection: close\r\n",
  "Connection: keep-alive, x-a\r\n",
  "X-A: 1\r\n",
  "Host: b\r\n",
  "Expect: 100-continue\r\n",
  "HTTP/1.0",
  "HTTP/1.1",
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "HTTP/1.1 200 OK\r\n",
  "100 ",
  "204 ",
  "304 ",
] as const;

export function mutate(text: string, random: (below: number) => number): string {
  let out = text;
  for (let n = 1 + random(3); n > 0; n--) {
    // Half of them where a word begins or ends: that is where grammars differ.
    const edges = [...out.matchAll(/\b/g)];
    const at =
      random(2) === 0 && edges.length > 0 ? edges[random(edges.length)]!.index : random(out.length + 1);
    const piece = PIECES[random(PIECES.length)]!;
    const length = random(4) === 0 ? random(12) : random(2);
    const from = random(out.length);
    const kind = random(5);
    if (kind === 0) out = out.slice(0, at) + out.slice(at + 1 + length);
    else if (kind === 1) out = out.slice(0, at) + out.slice(from, from + 1 + random(30)) + out.slice(at);
    else if (kind === 2) {
      const line = out.indexOf("\r\n", at);
      out = line < 0 ? out : out.slice(0, line + 2) + piece + out.slice(line + 2);
    } else out = out.slice(0, at) + piece + out.slice(at + length);
  }
  return out;
}
