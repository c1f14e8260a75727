import { isDeepStrictEqual } from "node:util";
import type { Keys } from "../../src/bearer/keys.ts";
import type { TokenChecker } from "../../src/bearer/token-checker.ts";
import type { TokenProblem } from "../../src/protocol/token-verdict.ts";
import type { Clock } from "../../src/registry/clock.ts";
import type { ServicePolicy } from "../../src/resources/service-policy.ts";
import type { Say } from "../options.ts";
import { authenticate } from "../policy/authenticate.ts";
import type { Layer } from "../stack/call.ts";
import { placeOf, readerOf } from "./token-place.ts";

type Authentication = NonNullable<ServicePolicy["spec"]["authentication"]>;
type Provider = Authentication["providers"][number];

/** Tokens kept that were found good, of each place: about 2 KiB each. */
const KEEP = 1000;

export interface OwnTokensOptions {
  readonly service: string;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly say: Say;
  readonly counted: (provider: string, result: TokenProblem | "accepted" | "missing") => void;
  /** Gets a key set as JSON; over HTTP when absent. */
  readonly fetchKeys?: (uri: string) => Promise<unknown>;
}

/** What the policy of this service says of the tokens of its end users; it follows the policy, and keeps the keys. */
export class OwnTokens {
  readonly #options: OwnTokensOptions;
  #written: Authentication | undefined;
  #layer: Layer | undefined;
  /** By where they come from, so that they outlive a change of the rest: their issuer may be away just now. */
  readonly #held = new Map<string, Keys>();

  constructor(options: OwnTokensOptions) {
    this.#options = options;
  }

  /** Undefined when the policy asks for no tokens. */
  get layer(): Layer | undefined {
    return this.#layer;
  }

  /** How old the keys of each provider are that are fetched, in ms. */
  ages(): [provider: string, ms: number][] {
    return (this.#written?.providers ?? []).flatMap((provider): [string, number][] => {
      const age = this.#held.get(sourceOf(provider))?.ageMs();
      return age === undefined ? [] : [[provider.name, age]];
    });
  }

  configure(policy: ServicePolicy | undefined): void {
    const written = policy?.spec.authentication;
    // Tokens that were found good outlive a change of something else.
    if (isDeepStrictEqual(written, this.#written)) return;
    this.#written = written;
    this.#layer = written && this.#layerOf(written);
    this.#dropUnused();
  }

  close(): void {
    this.#written = undefined;
    this.#dropUnused();
  }

  #dropUnused(): void {
    const used = new Set(this.#written?.providers.map(sourceOf));
    for (const [source, keys] of this.#held) {
      if (used.has(source)) continue;
      keys.close();
      this.#held.delete(source);
    }
  }

  #layerOf({ required, exempt = [], providers }: Authentication): Layer {
    const places = new Map<string, Provider[]>();
    for (const provider of providers)
      places.set(placeOf(provider), [...(places.get(placeOf(provider)) ?? []), provider]);
    return authenticate({
      places: [...places].map(([place, of]) => ({ ...readerOf(place), check: this.#checkerOf(of) })),
      uses: new Map(
        providers.map(({ name, claimsToHeaders = [], forward }) => [
          name,
          { fields: claimsToHeaders, forward },
        ]),
      ),
      ...{ required, exempt, realm: this.#options.service, counted: this.#options.counted },
    });
  }

  /** The checker, with all of jose, is loaded only by a sidecar whose service asks for tokens. */
  #checkerOf(providers: readonly Provider[]): TokenChecker["check"] {
    let checker: TokenChecker | undefined;
    const loading = this.#load(providers).then((loaded) => {
      checker = loaded;
      return loaded;
    });
    loading.catch((error: Error) =>
      this.#options.say("error", `tokens cannot be checked: ${error.message}`, "tokens-unchecked"),
    );
    return (token) => checker?.check(token) ?? loading.then((loaded) => loaded.check(token));
  }

  async #load(providers: readonly Provider[]): Promise<TokenChecker> {
    const { clock, random, say, fetchKeys } = this.#options;
    const { TokenChecker } = await import("../../src/bearer/token-checker.ts");
    const { providerFrom } = await import("../../src/bearer/provider-from.ts");
    const made = providers.map((provider) => {
      const source = sourceOf(provider);
      const one = providerFrom(provider, { clock, random, say, fetchKeys }, this.#held.get(source));
      this.#held.set(source, one.keys);
      return one;
    });
    // The policy may have changed meanwhile.
    this.#dropUnused();
    return new TokenChecker({ providers: made, unix: () => clock.unix(), keep: KEEP });
  }
}

const sourceOf = ({ jwks }: Provider): string => JSON.stringify(jwks);
