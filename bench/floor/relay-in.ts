import { connect, type Socket } from "node:net";
import { NatsWire } from "./nats-wire.ts";
import { RELAY_SUBJECT } from "./relay-out.ts";

export interface RelayInOptions {
  readonly natsPort: number;
  readonly appPort: number;
}

const CONNECTIONS = 64;

interface AppConnection {
  readonly socket: Socket;
  reply: string;
}

/** The floor's inbound side: each message goes to the app on a free connection, and what it answers goes back. */
export async function relayInRole(
  { natsPort, appPort }: RelayInOptions,
  say: (line: object) => void,
): Promise<void> {
  const nats = new NatsWire(natsPort);
  await nats.ready;
  const free: AppConnection[] = [];
  const waiting: { text: string; reply: string }[] = [];
  const send = (connection: AppConnection, text: string, reply: string): void => {
    connection.reply = reply;
    connection.socket.write(text, "latin1");
  };
  for (let i = 0; i < CONNECTIONS; i++) {
    const socket = connect({ port: appPort, host: "127.0.0.1", noDelay: true });
    const connection: AppConnection = { socket, reply: "" };
    socket.on("data", (data: Buffer) => {
      nats.publish(connection.reply, "", data);
      const next = waiting.shift();
      if (next) send(connection, next.text, next.reply);
      else free.push(connection);
    });
    free.push(connection);
  }
  nats.subscribe(RELAY_SUBJECT, "floor", (reply, data) => {
    const text = data.toString("latin1");
    const connection = free.pop();
    if (connection) send(connection, text, reply);
    else waiting.push({ text, reply });
  });
  say({ ready: true });
  await new Promise(() => {});
}
