import { type KeySet, readKeySet } from "./key-set.ts";

/** Where a checker gets the keys of one issuer from. */
export interface Keys {
  /** Those that may be used now; undefined while there are none. */
  current(): KeySet | undefined;
  /** Newer ones, for a token that none of the present keys fits; the present ones when there is nothing newer. */
  newer(): Promise<KeySet | undefined>;
  /** How long ago the issuer confirmed them, in ms; undefined when nobody has to. */
  ageMs(): number | undefined;
  close(): void;
}

/** Keys that are written down. @throws KeySetError */
export function writtenKeys(keys: readonly unknown[]): Keys {
  const set = readKeySet({ keys });
  return {
    current: () => set,
    newer: async () => set,
    ageMs: () => undefined,
    close: () => {},
  };
}
