export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
}

/** Server-sent events with data in JSON (WHATWG HTML §9.2), until the stream ends, in order or not. */
export async function* events(response: Response): AsyncGenerator<ServerEvent> {
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
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
  }
}
