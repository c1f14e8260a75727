import type { TokenProblem, Verdict } from "../protocol/token-verdict.ts";
import { CheckedTokens, tokenId } from "./checked-tokens.ts";
import { MOST_TOKEN_CHARACTERS, peek } from "./compact-jwt.ts";
import type { KeySet } from "./key-set.ts";
import type { Keys } from "./keys.ts";
import { type TokenRules, verifyToken } from "./verify.ts";

/** An issuer whose tokens are believed. */
export interface TokenProvider extends TokenRules {
  readonly name: string;
  readonly keys: Keys;
}

export interface TokenCheckerOptions {
  /** Each with an issuer of its own. */
  readonly providers: readonly TokenProvider[];
  /** Unix ms. */
  readonly unix: () => number;
  /** How many tokens are kept that were found good; 0 for none. */
  readonly keep: number;
}

/** Tells which tokens are believed. A token is checked with the rules and keys of the one issuer that it names. */
export class TokenChecker {
  readonly #byIssuer: ReadonlyMap<string, TokenProvider>;
  readonly #byName: ReadonlyMap<string, TokenProvider>;
  readonly #unix: () => number;
  readonly #checked: CheckedTokens | undefined;
  readonly #isCurrent = (provider: string, keys: KeySet) =>
    this.#byName.get(provider)?.keys.current() === keys;

  constructor({ providers, unix, keep }: TokenCheckerOptions) {
    this.#byIssuer = new Map(providers.map((provider) => [provider.issuer, provider]));
    this.#byName = new Map(providers.map((provider) => [provider.name, provider]));
    this.#unix = unix;
    this.#checked = keep > 0 ? new CheckedTokens(keep) : undefined;
  }

  /** @returns at once for a token that was found good before, so that a call need not wait */
  check(token: string): Verdict | Promise<Verdict> {
    if (token.length > MOST_TOKEN_CHARACTERS) return { problem: "too-long", provider: "" };
    const id = this.#checked === undefined ? "" : tokenId(token);
    return this.#checked?.get(id, this.#unix(), this.#isCurrent) ?? this.#check(token, id);
  }

  async #check(token: string, id: string): Promise<Verdict> {
    const peeked = peek(token);
    if (peeked.problem !== undefined) return { problem: peeked.problem, provider: "" };
    const provider = this.#byIssuer.get(peeked.issuer ?? "");
    if (provider === undefined) return { problem: "unknown-issuer", provider: "" };
    const { name } = provider;
    const no = (problem: TokenProblem): Verdict => ({ problem, provider: name });

    const keys = provider.keys.current() ?? (await provider.keys.newer());
    if (keys === undefined) return no("issuer-away");
    let used = keys;
    let verified = await verifyToken(token, provider, used, this.#unix());
    if (verified.problem === "key") {
      // The issuer may have a new one.
      const newer = await provider.keys.newer();
      if (newer !== undefined && newer !== keys) {
        used = newer;
        verified = await verifyToken(token, provider, used, this.#unix());
      }
    }
    if (verified.problem !== undefined) return no(verified.problem);
    const verdict = { provider: name, claims: verified.claims };
    this.#checked?.add(id, { verdict, until: verified.until, keys: used });
    return verdict;
  }
}
