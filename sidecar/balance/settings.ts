import { parseDuration } from "../../src/protocol/duration.ts";
import type { BalancePolicy } from "../../src/resources/balance.ts";
import { consistentHash, type Hash, type KeyOf } from "./consistent-hash.ts";
import { leastLoaded } from "./least-loaded.ts";
import { peakEwma } from "./peak-ewma.ts";
import type { PickerOf } from "./picker.ts";
import { randomly } from "./random.ts";
import { roundRobin } from "./round-robin.ts";
import { slowStart } from "./slow-start.ts";

export interface BalanceSettings {
  readonly policy: BalancePolicy["policy"];
  readonly prefersZone: boolean;
  /** 0 for none. */
  readonly slowStartMs: number;
}

/** Where policy says nothing. The same as the defaults of the schema, which is not loaded for it; a test compares. */
export const BALANCE: BalanceSettings = { policy: "peak-ewma", prefersZone: true, slowStartMs: 10_000 };

/** What a checked policy says, in ms. */
export function balanceSettings(policy: BalancePolicy | undefined): BalanceSettings {
  if (policy === undefined) return BALANCE;
  return {
    policy: policy.policy,
    // A user must meet the same instance from every zone.
    prefersZone: policy.zone === "prefer" && policy.policy !== "consistent-hash",
    slowStartMs: parseDuration(policy.slowStart)!,
  };
}

export interface PolicyParts {
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly hash: Hash;
  /** For `consistent-hash`; undefined when policy names no key. */
  readonly keyOf: KeyOf | undefined;
}

/** Makes the policy that is asked for, once for each pool; undefined leaves every call to the broker. */
export function policyOf(
  { policy, slowStartMs }: BalanceSettings,
  { random, hash, keyOf }: PolicyParts,
): (() => PickerOf) | undefined {
  const standsBack = slowStart(slowStartMs, random);
  switch (policy) {
    case "peak-ewma":
      return () => peakEwma(standsBack, random);
    case "least-loaded":
      return () => leastLoaded(standsBack, random);
    case "round-robin":
      return () => roundRobin(standsBack, random);
    case "random":
      return () => randomly(standsBack, random);
    case "consistent-hash":
      return () => consistentHash(keyOf ?? (() => undefined), hash, peakEwma(standsBack, random));
    case "queue-group":
      return undefined;
  }
}
