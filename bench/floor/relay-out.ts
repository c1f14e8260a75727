import { createServer, type Socket } from "node:net";
import { NatsWire } from "./nats-wire.ts";

export interface RelayOutOptions {
  readonly port: number;
  readonly natsPort: number;
}

export const RELAY_SUBJECT = "floor.call";

/**
 * The floor's outbound side: what comes in on a connection goes out as one message, and what comes back is written to
 * it. It understands no HTTP, so it is right only while each request and each answer fits into one read.
 */
export async function relayOutRole(
  { port, natsPort }: RelayOutOptions,
  say: (line: object) => void,
): Promise<void> {
  const nats = new NatsWire(natsPort);
  await nats.ready;
  const sockets: Socket[] = [];
  const inbox = `floor.reply.${process.pid}`;
  nats.subscribe(`${inbox}.*`, "", (_reply, data, subject) => {
    sockets[Number(subject.slice(inbox.length + 1))]?.write(data.toString("latin1"), "latin1");
  });
  const server = createServer({ noDelay: true }, (socket) => {
    const reply = `${inbox}.${sockets.push(socket) - 1}`;
    socket.on("error", () => {});
    socket.on("data", (data: Buffer) => nats.publish(RELAY_SUBJECT, reply, data));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  say({ ready: true });
  await new Promise(() => {});
}
