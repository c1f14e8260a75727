import { NatsWire } from "./nats-wire.ts";

export const ECHO_SUBJECT = "bare.echo";

/** Answers each request with what it carried. */
export async function responderRole(
  { natsPort }: { natsPort: number },
  say: (line: object) => void,
): Promise<void> {
  const nats = new NatsWire(natsPort);
  await nats.ready;
  nats.subscribe(ECHO_SUBJECT, "echo", (reply, data) => nats.publish(reply, "", data));
  say({ ready: true });
  await new Promise(() => {});
}
