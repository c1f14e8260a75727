import type { Account, Told } from "./account.ts";

/** What one answer shows: a request that makes more calls is cut, and no sidecar can fill the registry. */
const MAX_ALL = 256;
/** Of one service, so that it cannot crowd out the others. */
const MAX_OF_ONE_SERVICE = 64;

/** The accounts of one request, as sidecars tell them. */
export class Gathering {
  readonly #accounts: Account[] = [];
  readonly #ofService = new Map<string, number>();
  readonly #heard = new Set<string>();

  /** @returns false when it is more than one service, or one instance, may tell */
  take(service: string, { instance, accounts }: Told): boolean {
    const teller = `${service}.${instance}`;
    const before = this.#ofService.get(service) ?? 0;
    const room = Math.min(MAX_OF_ONE_SERVICE - before, MAX_ALL - this.#accounts.length);
    if (this.#heard.has(teller) || room <= 0) return false;
    this.#heard.add(teller);
    const taken = accounts.slice(0, room);
    this.#ofService.set(service, before + taken.length);
    this.#accounts.push(...taken);
    return taken.length === accounts.length;
  }

  /** The earliest call first; of one moment the caller's account before the callee's. */
  accounts(): Account[] {
    return this.#accounts.sort(
      (a, b) => a.at - b.at || (a.side === b.side ? 0 : a.side === "client" ? -1 : 1),
    );
  }
}
