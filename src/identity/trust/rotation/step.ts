import type { RotationKind } from "./record.ts";

/** Where a rotation is made, and with what. */
export interface Scene {
  readonly stateDir: string;
  /** Where the operator's seed is; its place in the state folder when absent. */
  readonly operatorSeed?: string | undefined;
  /** Unix time in ms. */
  readonly now: () => number;
}

/**
 * One step of a rotation. A process may end anywhere in it, and the next one begins it again: each part of it does
 * nothing, or the same, when it has been done already.
 */
export interface Step {
  readonly name: string;
  /** One sentence, for the one who watches. */
  readonly says: string;
  /** Changes the trust folder. */
  change(scene: Scene): void | Promise<void>;
  /** Whether the running mesh has to take up what changed: brokers their files, parts their credentials. */
  readonly takeUp?: {
    /** What brokers of the user's own need: theirs nobody else can start or write to. */
    readonly brokers?: "reload" | "restart";
  };
  /** The account's new JWT is told to the brokers that run. */
  readonly tellAccount?: true;
  /** All instances have to get what is issued since. */
  readonly renewAll?: {
    /** What becomes of those that do not. */
    readonly leftBehind: string;
  };
}

export type Steps = Readonly<Record<RotationKind, readonly Step[]>>;
