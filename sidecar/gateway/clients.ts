import type { Socket } from "node:net";
import { Gcra, type Rate } from "../policy/gcra.ts";
import { clientKey } from "./client-address.ts";

/** The clients of a gateway: how many connections there are, and how often each asks. */
export class Clients {
  readonly #most: number;
  readonly #mostOfOne: number;
  readonly #rates: ClientRates | undefined;
  readonly #connections = new Map<string, number>();
  readonly #sockets = new Set<Socket>();

  /** @param mostOfOne Infinity for no limit */
  constructor(most: number, mostOfOne: number, rate: Rate | undefined) {
    this.#most = most;
    this.#mostOfOne = mostOfOne;
    this.#rates = rate && new ClientRates(rate);
  }

  /** Counts a connection until it closes. False when there are too many: then it is to be closed. */
  admit(socket: Socket): boolean {
    const key = clientKey(socket.remoteAddress ?? "");
    const count = this.#connections.get(key) ?? 0;
    if (this.#sockets.size >= this.#most || count >= this.#mostOfOne) return false;
    this.#sockets.add(socket);
    this.#connections.set(key, count + 1);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      const left = this.#connections.get(key)! - 1;
      if (left === 0) this.#connections.delete(key);
      else this.#connections.set(key, left);
    });
    return true;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** @returns 0 when a request of that address is within the rate, else the ms after which it would be */
  take(address: string, now: number): number {
    return this.#rates === undefined ? 0 : this.#rates.take(clientKey(address), now);
  }

  /** Cuts what is left, handshakes too. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

const MOST_REMEMBERED = 16_384;

/**
 * A rate for each of very many clients, in bounded memory: two generations, of which the older is forgotten when the
 * younger is full. Who asks often is always in the younger one.
 */
export class ClientRates {
  readonly #rate: Rate;
  readonly #most: number;
  #younger = new Map<string, Gcra>();
  #older = new Map<string, Gcra>();

  constructor(rate: Rate, most = MOST_REMEMBERED) {
    this.#rate = rate;
    this.#most = most;
  }

  take(key: string, now: number): number {
    const known = this.#younger.get(key);
    if (known !== undefined) return known.take(now);
    if (this.#younger.size >= this.#most) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    const gcra = this.#older.get(key) ?? new Gcra(this.#rate);
    this.#younger.set(key, gcra);
    return gcra.take(now);
  }
}
