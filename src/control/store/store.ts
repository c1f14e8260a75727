/** One value as the store has it. */
export interface Stored {
  /** Names this value for `append`; 0 where nothing was ever stored. */
  readonly sequence: number;
  /** Absent where nothing is stored, or where it was deleted by hand. */
  readonly value?: Uint8Array;
}

/**
 * Keeps the policy as one value with its last 64 predecessors. Several registries may share a store. Every method
 * rejects while the place is away, and works again when it is back.
 */
export interface PolicyStore {
  /** The newest value; undefined when it is still the one with the sequence `known`. */
  read(known: number | undefined): Promise<Stored | undefined>;
  /**
   * Writes a value if the newest is still the one with the sequence `after`. When it rejects, the value may or may
   * not have been written: read again.
   * @returns its sequence, or undefined when somebody else was first
   */
  append(value: Uint8Array, after: number): Promise<number | undefined>;
  /** Oldest first; deletions are left out. */
  history(): Promise<(Stored & { readonly value: Uint8Array })[]>;
  /** Runs soon after each change by whoever; only a hint, so look for yourself now and then. @returns the way to stop */
  watch(listener: () => void): Promise<() => void>;
  /** The largest value it takes, in bytes. */
  readonly maxBytes: number;
  close(): Promise<void>;
}

export const KEPT = 64;
/** 64 of these, three times over in a cluster, fit what the account may hold. */
export const MAX_VALUE_BYTES = 512 * 1024;
