/** Calls for names that nobody serves are counted under it, but for the first few names. */
export const UNKNOWN = "_UNKNOWN";

/** Names told by themselves: a service that is not there has to be told by its name, and a few mistyped ones are of use. */
const MOST = 5;
/** A name that is not asked for any more makes room for another. */
const IDLE_MS = 600_000;
/** Services of which this is remembered. Those beyond are told as `_OTHER` by then. */
const MOST_SERVED = 500;

/** The mesh's codes (`src/protocol/code.ts`) for a call that found nobody. */
const NOBODY: ReadonlySet<string> = new Set(["no-instance", "unknown-backend"]);

const isNobody = (code: string | undefined): boolean => code !== undefined && NOBODY.has(code);

/** Tells names that somebody served from those that nobody ever did: anybody can make up the latter, without end. */
export class UnservedNames {
  readonly #served = new Set<string>();
  readonly #askedAt = new Map<string, number>();

  /** A call came to somebody, or was ended for another reason: then the name is one that is served. */
  met(name: string, code: string | undefined): void {
    if (isNobody(code)) return;
    if (this.#served.size < MOST_SERVED) this.#served.add(name);
    this.#askedAt.delete(name);
  }

  /** The name under which a call is counted. @param code that ended it @param now ms of any clock that only goes forward */
  countedAs(name: string, code: string | undefined, now: number): string {
    if (!isNobody(code) || this.#served.has(name)) return name;
    if (!this.#askedAt.has(name) && this.#askedAt.size >= MOST)
      for (const [other, at] of this.#askedAt) if (now - at > IDLE_MS) this.#askedAt.delete(other);
    if (!this.#askedAt.has(name) && this.#askedAt.size >= MOST) return UNKNOWN;
    this.#askedAt.set(name, now);
    return name;
  }
}
