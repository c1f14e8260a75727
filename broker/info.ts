import { connect } from "node:net";

/** What a nats-server says of itself to anybody who connects (NATS client protocol, INFO). */
export type ServerInfo = {
  server_id: string;
  server_name: string;
  version: string;
  max_payload: number;
  auth_required?: boolean;
  tls_required?: boolean;
  tls_verify?: boolean;
  jetstream?: boolean;
  /** Present when users prove themselves by NKey, as they do in operator mode. */
  nonce?: string;
  cluster?: string;
};

/**
 * Connects, reads the greeting, hangs up.
 * @throws Error when nobody listens there, or whoever does is no NATS server
 */
export function readInfo(host: string, port: number, withinMs = 3000): Promise<ServerInfo> {
  const place = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let text = "";
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const fail = (why: string): void => end(() => reject(new Error(`${place}: ${why}`)));
    const timer = setTimeout(() => fail(`no NATS server answered within ${withinMs} ms`), withinMs);
    socket.setEncoding("utf8");
    socket.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.on("close", () => fail("closed without a greeting: not a NATS server"));
    socket.on("data", (chunk: string) => {
      text += chunk;
      const line = /^INFO (\{.*\})\s*\r?\n/.exec(text);
      if (line) end(() => resolve(JSON.parse(line[1]!) as ServerInfo));
      else if (text.includes("\n") || text.length > 65_536) fail("not a NATS server");
    });
  });
}
