import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";

export interface Relay {
  readonly url: string;
  readonly port: number;
  /** Breaks the connections there are. */
  cut(): void;
  /** Breaks the connections there are, and takes no more. */
  sever(): void;
  /** What the broker says is held back from now on; returns the way to let it through. */
  deafen(): () => void;
}

/** A way to the broker that a test can trouble, so that one end alone loses it. */
export async function relayTo(t: TestContext, brokerPort: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const fars = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(brokerPort, "127.0.0.1");
    fars.add(far.once("close", () => fars.delete(far)));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (bytes) => void to.write(bytes));
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const deafen = () => {
    for (const far of fars) far.pause();
    return () => {
      for (const far of fars) far.resume();
    };
  };
  const sever = () => {
    server.close();
    cut();
  };
  t.after(sever);
  const { port } = server.address() as AddressInfo;
  return { url: `nats://127.0.0.1:${port}`, port, cut, sever, deafen };
}
