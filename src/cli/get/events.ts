export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
}

/**
 * Server-sent events with data in JSON (WHATWG HTML §9.2), until the stream ends, in order or not.
 * @param silentMs the stream is over when nothing came for so long: its server says something more often
 */
export async function* events(response: Response, silentMs: number): AsyncGenerator<ServerEvent> {
  let text = "";
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  const silent = setTimeout(() => reader?.cancel().catch(() => {}), silentMs);
  try {
    for (let read = await reader?.read(); read && !read.done; read = await reader!.read()) {
      silent.refresh();
      text += decoder.decode(read.value, { stream: true });
      const blocks = text.split("\n\n");
      text = blocks.pop()!;
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1];
        const data = field("data");
        if (data !== undefined) yield { event: field("event") ?? "message", data: JSON.parse(data) };
      }
    }
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
    // the connection broke: the same as its end
  } finally {
    clearTimeout(silent);
    reader?.cancel().catch(() => {});
  }
}
