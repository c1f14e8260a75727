import { createHash, randomBytes } from "node:crypto";

const ID_BYTES = 32;
/** A working day: then the token is asked for once more. */
const SESSION_MS = 12 * 3_600_000;
/** More people than sign in to one dashboard; the oldest of more is signed out. */
const MAX_SESSIONS = 64;

/** Who has signed in. Only digests are kept, in memory: a restart signs everybody out. */
export class Sessions {
  readonly #now: () => number;
  readonly #endsAt = new Map<string, number>();

  /** @param now Unix ms, or any clock of ms that does not run back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns the secret for the cookie */
  open(): string {
    const id = randomBytes(ID_BYTES).toString("base64url");
    this.#endsAt.set(digest(id), this.#now() + SESSION_MS);
    for (const [oldest] of this.#endsAt) {
      if (this.#endsAt.size <= MAX_SESSIONS) break;
      this.#endsAt.delete(oldest);
    }
    return id;
  }

  has(id: string | undefined): boolean {
    return id !== undefined && (this.#endsAt.get(digest(id)) ?? 0) > this.#now();
  }

  close(id: string): void {
    this.#endsAt.delete(digest(id));
  }
}

const digest = (id: string): string => createHash("sha256").update(id).digest("base64");
