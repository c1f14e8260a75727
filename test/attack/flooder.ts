import { once } from "node:events";
import { setPriority } from "node:os";
import type { TLSSocket } from "node:tls";
import { encodeOpen } from "../../src/protocol/encode.ts";
import { Flag } from "../../src/protocol/frame.ts";
import { rawClient, type Stolen } from "./raw-client.ts";

/** A thief in a process of its own. Told over IPC what to do; it does it until it is killed. */
export type Order = Stolen & { readonly attack: keyof typeof ATTACKS };

// A thief has a machine of his own. Here he shares two cores with the broker and all others, so he gets what they leave.
setPriority(19);

const closed = (socket: TLSSocket) => new Promise<void>((resolve) => socket.once("close", () => resolve()));
const say = (what: string) => process.send?.(what);

const ATTACKS = {
  /** As fast as it can to one service, half of it calls, half of it noise. */
  async publish(stolen: Stolen): Promise<void> {
    const { service, instance } = stolen;
    const socket = await rawClient(stolen);
    socket.resume();
    const call = encodeOpen(Flag.last, 1, 1000, 1000, "GET /flood\nHost: x\r\n", Buffer.alloc(0));
    const message = (reply: string, data: Uint8Array) =>
      Buffer.concat([
        Buffer.from(`PUB mesh.flooded.any.${service} ${reply} ${data.length}\r\n`),
        data,
        Buffer.from("\r\n"),
      ]);
    const both = [
      message(`_R.${service}.${instance}.flooded.x1-0`, call),
      message("mesh.orders.any.shop", Buffer.alloc(64)),
    ];
    const burst = Buffer.concat(Array.from({ length: 500 }, () => both).flat());
    for (;;) {
      if (!socket.write(burst)) await once(socket, "drain");
      say("1000");
    }
  },

  /** 100 000 subjects, and as many again under other names, for ever. */
  async subscribe(stolen: Stolen): Promise<void> {
    const { service, instance } = stolen;
    const socket = await rawClient(stolen);
    socket.resume();
    for (let id = 1; ; ) {
      let burst = "";
      for (const until = id + 1000; id < until; id++)
        burst += `SUB _R.${service}.${instance}.${id} ${id % 100_000}\r\n`;
      if (!socket.write(burst)) await once(socket, "drain");
      if (id > 100_000) say("100000");
    }
  },

  /** Messages of 8 MiB, each of which costs it its connection. */
  async huge(stolen: Stolen): Promise<void> {
    const data = Buffer.alloc(8 << 20);
    for (;;) {
      const socket = await rawClient(stolen);
      socket.resume();
      socket.write(`PUB mesh.flooded.any.${stolen.service} ${data.length}\r\n`);
      socket.write(data);
      await closed(socket);
      say("cut");
    }
  },

  /** Has itself sent all that it can, and reads nothing. */
  async deaf(stolen: Stolen): Promise<void> {
    const { service, instance } = stolen;
    const own = `_R.${service}.${instance}.${service}.x`;
    const message = Buffer.from(`PUB ${own} ${1 << 20}\r\n${"x".repeat(1 << 20)}\r\n`);
    const speaker = await rawClient(stolen);
    speaker.resume();
    for (;;) {
      const deaf = await rawClient(stolen);
      deaf.write(`SUB ${own} 1\r\n`);
      deaf.pause();
      const gone = closed(deaf).then(() => true);
      for (let cut = false; !cut; ) {
        if (!speaker.write(message)) await once(speaker, "drain");
        deaf.write("PING\r\n"); // Who does not read only learns when it writes that it was cut off.
        cut = await Promise.race([gone, new Promise<false>((resolve) => setTimeout(resolve, 5, false))]);
      }
      say("cut");
    }
  },

  /** As many connections as it gets; each of them stays. */
  async connect(stolen: Stolen): Promise<void> {
    for (;;) {
      try {
        (await rawClient(stolen)).resume();
        say("connected");
      } catch {
        say("refused");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  },
};

process.on("message", async ({ attack, ...stolen }: Order) => {
  say("begun");
  // At the lowest priority a handshake may take longer than the broker waits.
  for (;;) await ATTACKS[attack](stolen).catch(() => new Promise((resolve) => setTimeout(resolve, 50)));
});
process.on("disconnect", () => process.exit());
