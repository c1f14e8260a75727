import { createServer, type Socket } from "node:net";

export interface UpstreamOptions {
  readonly port: number;
}

/**
 * The app behind every path, where nginx is not installed: answers `/<n>` with n bytes, swallows any body, and keeps
 * connections open. `/stream` answers with as many bytes as the query says. It reads just enough HTTP for the bench.
 */
export async function upstreamRole({ port }: UpstreamOptions, say: (line: object) => void): Promise<void> {
  const server = createServer({ noDelay: true }, serve);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  say({ ready: true });
  await new Promise(() => {});
}

const answers = new Map<number, Buffer>();

function answerOf(bytes: number): Buffer {
  const known = answers.get(bytes);
  if (known) return known;
  const answer = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n${"x".repeat(bytes)}`);
  if (answers.size < 16) answers.set(bytes, answer);
  return answer;
}

function serve(socket: Socket): void {
  let head = "";
  let bodyLeft = 0;
  let reply = (): void => {};
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    let at = 0;
    while (at < chunk.length) {
      if (bodyLeft > 0) {
        const taken = Math.min(bodyLeft, chunk.length - at);
        bodyLeft -= taken;
        at += taken;
      } else {
        const before = head.length;
        head += chunk.toString("latin1", at);
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        at += end + 4 - before;
        bodyLeft = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
        const path = head.slice(head.indexOf(" ") + 1, head.indexOf(" HTTP/"));
        reply = replyTo(socket, path);
        head = "";
      }
      if (bodyLeft === 0) reply();
    }
  });
}

function replyTo(socket: Socket, path: string): () => void {
  if (path.startsWith("/stream?")) return () => stream(socket, Number(path.slice("/stream?".length)));
  return () => void socket.write(answerOf(Number(path.slice(1)) || 0));
}

const CHUNK = Buffer.alloc(64 * 1024, "x");

function stream(socket: Socket, bytes: number): void {
  let left = bytes;
  const fill = (): void => {
    while (left > 0) {
      const piece = left >= CHUNK.length ? CHUNK : CHUNK.subarray(0, left);
      left -= piece.length;
      if (!socket.write(piece)) {
        socket.once("drain", fill);
        return;
      }
    }
  };
  socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`);
  fill();
}
