import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Timing } from "../../../bearer/fetched-keys.ts";
import { providerFrom } from "../../../bearer/provider-from.ts";
import { TokenChecker, type TokenProvider } from "../../../bearer/token-checker.ts";
import { type Claims, TOKEN_PROBLEMS } from "../../../protocol/token-verdict.ts";
import { privateFolder } from "../../keys/secret-files.ts";
import type { Entitlement } from "../entitlement.ts";
import { Refusal } from "../refusal.ts";
import { takeUse } from "../take-use.ts";
import { fits } from "./claim-match.ts";
import { ticketId } from "./ticket.ts";
import type { ServiceRule, TrustedIssuer } from "./trusted-issuers.ts";

export interface PlatformTokensOptions {
  readonly issuers: readonly TrustedIssuer[];
  /** Where it is noted which tokens have enrolled whom. */
  readonly folder: string;
  /** Unix time in ms. */
  readonly now: () => number;
  readonly say: (level: "info" | "warn", message: string, event: string) => void;
  readonly fetchKeys?: (uri: string) => Promise<unknown>;
}

/** The largest skew that can be configured: until then an expired token may still be good. */
const MOST_SKEW_S = 300;

const timing: Timing = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};

/**
 * Tokens that a platform has signed for its workloads, taken in place of tokens of ours. Such a token is good for
 * whoever has it until it ends, so each may enrol only a few instances: how many, its rule says.
 */
export class PlatformTokens {
  readonly #folder: string;
  readonly #now: () => number;
  readonly #rules: ReadonlyMap<string, readonly ServiceRule[]>;
  readonly #providers: readonly TokenProvider[];
  readonly #checker: TokenChecker;

  constructor({ issuers, folder, now, say, fetchKeys }: PlatformTokensOptions) {
    this.#folder = privateFolder(folder);
    this.#now = now;
    this.#rules = new Map(issuers.map(({ name, rules }) => [name, rules]));
    const parts = { clock: timing, random: Math.random, say, fetchKeys };
    this.#providers = issuers.map((issuer) => providerFrom(issuer, parts));
    this.#checker = new TokenChecker({ providers: this.#providers, unix: now, keep: 0 });
  }

  /**
   * @param wanted the service that the sidecar means to be
   * @throws Refusal
   */
  async entitlement(token: string, wanted: string | undefined): Promise<Entitlement> {
    const verdict = await this.#checker.check(token);
    if (verdict.problem === "issuer-away")
      throw new Refusal(
        "platform-away",
        `${TOKEN_PROBLEMS["issuer-away"]}, so the platform token cannot be checked`,
        "look into the authority's log; try again when it reaches the issuer",
      );
    if (verdict.problem !== undefined)
      throw new Refusal(
        "platform-refused",
        `the platform token was refused: ${TOKEN_PROBLEMS[verdict.problem]}`,
        "compare its iss, aud and exp with the file of trusted issuers",
      );
    const { provider, claims } = verdict;
    const { service, instances } = this.#ruleFor(provider, claims, wanted);
    const id = ticketId(token);
    return {
      service,
      purpose: `enrol platform ${id}`,
      by: `platform ${provider} ${subjectOf(claims)} (token ${id.slice(0, 12)})`,
      since: this.#madeAt(provider, claims),
      take: (nkey) => this.#take(id, claims, instances, nkey),
    };
  }

  /** Asks the issuers no more. */
  close(): void {
    for (const { keys } of this.#providers) keys.close();
  }

  /**
   * The earliest time at which the token can have been made, Unix ms: its issuer's clock may be ahead by the skew that is
   * allowed (what says a later time than that is no good, `verify.ts`). One that does not say when was made before
   * anybody was revoked.
   */
  #madeAt(provider: string, { iat }: Claims): number {
    const { clockSkewMs } = this.#providers.find(({ name }) => name === provider)!;
    return typeof iat === "number" ? Math.max(0, iat * 1000 - clockSkewMs) : 0;
  }

  #ruleFor(provider: string, claims: Claims, wanted: string | undefined): ServiceRule {
    const fitting = this.#rules
      .get(provider)!
      .filter(({ claims: pattern }) => fits(pattern, claims) && hasOneSubject(claims));
    const rule = wanted === undefined ? fitting[0] : fitting.find(({ service }) => service === wanted);
    if (rule !== undefined) return rule;
    const [other] = fitting;
    throw new Refusal(
      "platform-unmapped",
      other === undefined
        ? "no rule says which service this platform token is"
        : `the platform token is for ${other.service}, not for ${wanted}`,
      `add a rule for it to the file of trusted issuers (issuer ${provider}), and start the authority anew`,
    );
  }

  #take(id: string, claims: Claims, instances: number, nkey: string): string {
    this.#dropExpired();
    // The time first, so that what can go is known by its name.
    const until = Math.ceil((claims.exp as number) + MOST_SKEW_S);
    const instance = takeUse(this.#folder, `${until}-${id}`, instances, nkey);
    if (instance !== undefined) return instance;
    throw new Refusal(
      "platform-used",
      `the platform token has enrolled ${instances} instances already`,
      "give each instance a token of its own, or raise instances of its rule",
    );
  }

  #dropExpired(): void {
    const now = this.#now() / 1000;
    for (const name of readdirSync(this.#folder))
      if (Number(/^(\d+)-/.exec(name)?.[1] ?? Number.POSITIVE_INFINITY) < now)
        rmSync(join(this.#folder, name), { force: true });
  }
}

/** RFC 7519 section 4.1.2: a text. Who reads a list by one of its members is one too many. */
const hasOneSubject = ({ sub }: Claims): boolean => sub === undefined || typeof sub === "string";

/** For logs and tables: whatever its issuer lets a subject be. */
function subjectOf({ sub }: Claims): string {
  const text = typeof sub === "string" ? sub : "without a subject";
  return text.replace(/[^!-~]/g, "?").slice(0, 200);
}
