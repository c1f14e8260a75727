import { hash } from "node:crypto";
import type { Believed } from "../protocol/token-verdict.ts";
import type { KeySet } from "./key-set.ts";

interface Kept {
  readonly verdict: Believed;
  /** Unix ms. */
  readonly until: number;
  /** A key that is withdrawn takes its tokens along. */
  readonly keys: KeySet;
}

/**
 * Tokens that were found good, until they end: checking a signature costs a hundred times what looking here does. Under
 * their hash, so that no token is kept in memory. The one that was not used for longest goes first.
 */
export class CheckedTokens {
  readonly #most: number;
  readonly #kept = new Map<string, Kept>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** @param isCurrent whether the keys that it was checked with are those of now */
  get(id: string, now: number, isCurrent: (provider: string, keys: KeySet) => boolean): Believed | undefined {
    const kept = this.#kept.get(id);
    if (kept === undefined) return undefined;
    this.#kept.delete(id);
    if (now >= kept.until || !isCurrent(kept.verdict.provider, kept.keys)) return undefined;
    this.#kept.set(id, kept);
    return kept.verdict;
  }

  add(id: string, kept: Kept): void {
    if (this.#kept.size >= this.#most) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(id, kept);
  }
}

/** What a token is kept and counted under: its SHA-256. */
export const tokenId = (token: string): string => hash("sha256", token, "base64url");
