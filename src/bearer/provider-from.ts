import { readFile } from "node:fs/promises";
import { parseDuration } from "../protocol/duration.ts";
import type { SignatureAlgorithm } from "../protocol/signature-algorithm.ts";
import { fetchKeys } from "./fetch-keys.ts";
import { FetchedKeys, type FetchedKeysOptions } from "./fetched-keys.ts";
import { type Keys, writtenKeys } from "./keys.ts";
import type { TokenProvider } from "./token-checker.ts";

/** An issuer as it is written in a policy, or in an authority's file; checked. */
export interface WrittenIssuer {
  readonly name: string;
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly algorithms: readonly SignatureAlgorithm[];
  readonly type?: string;
  readonly clockSkew: string;
  /** One of `uri`, `keys` and `file`. */
  readonly jwks: {
    readonly uri?: string;
    readonly keys?: readonly unknown[];
    readonly file?: string;
    readonly refresh?: string;
    readonly maxStale?: string;
  };
}

/** The defaults of `jwks`, where nothing is written. */
const REFRESH = "5m";
const MAX_STALE = "24h";

export interface ProviderParts extends Pick<FetchedKeysOptions, "clock" | "random" | "say"> {
  /** Gets a key set as JSON; over HTTP when absent. */
  readonly fetchKeys?: ((uri: string) => Promise<unknown>) | undefined;
}

/**
 * An issuer with its keys.
 * @param held those that are held already, for the same `jwks`; else they are begun to be held
 * @throws KeySetError when those that are written down are of no use
 */
export function providerFrom(written: WrittenIssuer, parts: ProviderParts, held?: Keys): TokenProvider {
  const { name, issuer, audiences, algorithms, type, clockSkew, jwks } = written;
  return {
    ...{ name, issuer, audiences, algorithms, clockSkewMs: parseDuration(clockSkew)! },
    ...(type === undefined ? {} : { type }),
    keys: held ?? keysFrom(name, jwks, parts),
  };
}

function keysFrom(name: string, jwks: WrittenIssuer["jwks"], parts: ProviderParts): Keys {
  const { uri, keys, file, refresh = REFRESH, maxStale = MAX_STALE } = jwks;
  if (keys !== undefined) return writtenKeys(keys);
  const fetch = parts.fetchKeys ?? fetchKeys;
  return new FetchedKeys({
    ...{ clock: parts.clock, random: parts.random },
    say: (level, message, event) => parts.say(level, `tokens of ${name}: ${message}`, event),
    refreshMs: parseDuration(refresh)!,
    maxStaleMs: parseDuration(maxStale)!,
    fetch: () => (uri === undefined ? readKeys(file!) : fetch(uri)),
  });
}

async function readKeys(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as unknown;
  } catch (error) {
    const why = error instanceof SyntaxError ? "is no JSON" : (error as NodeJS.ErrnoException).code;
    throw new Error(`the file ${file} cannot be read (${why})`, { cause: error });
  }
}
