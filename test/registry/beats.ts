import type { Heartbeat } from "../../src/registry/wire.ts";

/** A beat of instance `i1` of `orders`, version 2, unless told otherwise. */
export const beat = (changes: Partial<Heartbeat> = {}): Heartbeat => ({
  service: "orders",
  instance: "i1",
  version: "2",
  state: "up",
  startedAt: 1_700_000_000_000,
  sequence: 0,
  ...changes,
});

export const silentLog = { info() {}, warn() {}, error() {} };
