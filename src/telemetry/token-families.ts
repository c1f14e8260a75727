import type { Family } from "./family.ts";

/** Counts the tokens of end users by provider and result; both are of short, closed lists. */
export class TokenCounts {
  readonly #counts = new Map<string, Map<string, number>>();

  count(provider: string, result: string): void {
    const counts = this.#counts.get(provider) ?? new Map<string, number>();
    this.#counts.set(provider, counts);
    counts.set(result, (counts.get(result) ?? 0) + 1);
  }

  /** @param ages how old the keys of each provider are, in ms; asked at each scrape */
  families(ages: () => readonly (readonly [provider: string, ms: number])[]): Family[] {
    return [
      {
        name: "weft_tokens_total",
        help: "Tokens of end users that were looked at, and calls that had none and needed one, by provider and result",
        type: "counter",
        labels: ["provider", "result"],
        read: () =>
          [...this.#counts].flatMap(([provider, counts]) =>
            [...counts].map(([result, value]) => ({ labels: { provider, result }, value })),
          ),
      },
      {
        name: "weft_jwks_age_seconds",
        help: "How long ago an issuer confirmed the keys that its tokens are checked with",
        type: "gauge",
        labels: ["provider"],
        read: () => ages().map(([provider, ms]) => ({ labels: { provider }, value: ms / 1000 })),
      },
    ];
  }
}
