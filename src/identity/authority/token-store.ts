import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { privateFolder, readSecret, writeSecret } from "../keys/secret-files.ts";
import { Refusal } from "./refusal.ts";
import { takeUse } from "./take-use.ts";

interface TokenRecord {
  readonly id: string;
  readonly service: string;
  /** SHA-256 of the secret, base64url: the secret itself is kept nowhere. */
  readonly hash: string;
  /** Unix time in ms, as `expiresAt`. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly uses: number;
  /** Ranges of addresses that it may be used from; from anywhere when there are none. */
  readonly cidrs?: readonly string[];
}

/** Enough for a rollout; each use is a file. */
export const MOST_USES = 1000;

const CURE = 'ask for a new one with "weft token SERVICE"';

/** Tokens as files: `<id>.token` says what a token is worth and never changes; `<id>.use-<n>` is made when it is used. */
export class TokenStore {
  readonly #folder: string;
  readonly #now: () => number;

  /** @param now Unix time in ms */
  constructor(folder: string, now: () => number) {
    this.#folder = privateFolder(folder);
    this.#now = now;
  }

  create(
    service: string,
    ttlMs: number,
    uses: number,
    cidrs: readonly string[] = [],
  ): { record: TokenRecord; secret: string } {
    this.#dropExpired();
    const secret = randomBytes(24).toString("base64url");
    const id = randomBytes(6).toString("hex");
    const record = {
      id,
      service,
      hash: hashOf(secret).toString("base64url"),
      createdAt: this.#now(),
      expiresAt: this.#now() + ttlMs,
      uses,
      ...(cidrs.length > 0 && { cidrs }),
    };
    writeSecret(this.#file(`${id}.token`), JSON.stringify(record));
    return { record, secret };
  }

  /**
   * @param id 12 hex digits: it becomes a file name
   * @throws Refusal that tells an unknown token and a wrong secret alike
   */
  find(id: string, secret: string): TokenRecord {
    const text = readSecret(this.#file(`${id}.token`));
    const record = text === undefined ? undefined : (JSON.parse(text) as TokenRecord);
    const expected = Buffer.from(record?.hash ?? "", "base64url");
    const given = hashOf(secret);
    const equal = timingSafeEqual(
      given,
      expected.length === given.length ? expected : Buffer.alloc(given.length),
    );
    if (record === undefined || !equal)
      throw new Refusal("token-unknown", "the token is not known here", CURE);
    if (this.#now() >= record.expiresAt) throw new Refusal("token-expired", "the token has expired", CURE);
    return record;
  }

  /**
   * Takes one use of a token for an NKey (see `takeUse`).
   * @returns the instance's id
   * @throws Refusal when all uses are taken
   */
  spend({ id, uses }: TokenRecord, nkey: string): string {
    const instance = takeUse(this.#folder, id, uses, nkey);
    if (instance !== undefined) return instance;
    const often = uses === 1 ? "has been used" : `has been used ${uses} times`;
    throw new Refusal(
      "token-used",
      `the token ${often} already`,
      `${CURE} (--uses N for more than one instance)`,
    );
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }

  #dropExpired(): void {
    const names = readdirSync(this.#folder);
    for (const name of names) {
      if (!name.endsWith(".token")) continue;
      const { id, expiresAt } = JSON.parse(readSecret(this.#file(name))!) as TokenRecord;
      if (this.#now() < expiresAt) continue;
      rmSync(this.#file(name));
      for (const use of names) if (use.startsWith(`${id}.use-`)) rmSync(this.#file(use));
    }
  }
}

const hashOf = (secret: string): Buffer => createHash("sha256").update(secret).digest();
