import { Packr } from "msgpackr";
import * as z from "zod/mini";
import { isToken, RESERVED } from "../subjects/token.ts";
import type { Alive, Heartbeat, InstanceEvent, Snapshot, SnapshotRequest } from "./wire.ts";

/** Longest beat taken: four names of 63 characters, and the field names, fit twice. */
export const MAX_BEAT_BYTES = 1024;
export const MAX_REQUEST_BYTES = 512;

/** Plain maps, no records of msgpackr's own: what another language reads as well. */
const packr = new Packr({ useRecords: false, variableMapSize: true });

/** Fields that are not there must be left out, not undefined: that would travel, too. */
export const pack = (value: object): Buffer => packr.pack(value);

export const name = z.string().check(z.refine(isToken));
export const count = z.int().check(z.minimum(0));
/** The fields of a `PolicyMark`. */
export const markFields = {
  lineage: z.string().check(z.minLength(1), z.maxLength(64)),
  revision: count,
};
/** What `Date` can show (ECMA-262 §21.4.1.1). */
const unixMs = z.number().check(z.minimum(0), z.maximum(8.64e15));
const stats = z.object({
  calls: count,
  errors: count,
  // In nanoseconds it must fit an int64: discovery clients are often written in Go.
  busyMs: z.number().check(z.minimum(0), z.maximum(9e12)),
  full: z.catch(z.optional(z.boolean()), undefined),
});
const row = z.object({
  service: name,
  instance: name,
  version: name,
  zone: z.optional(name),
  startedAt: unixMs,
});
/** More than fit into a beat. */
const MAX_EJECTED = 256;
const instanceOfService = z.string().check(
  z.refine((value) => {
    const names = value.split(".");
    return names.length === 2 && names.every(isToken);
  }),
);
/** A version as package.json has it (semver.org), shown as it is. */
const WEFT = /^[\w.+-]{1,32}$/;
const heartbeat = z.extend(row, {
  state: z.enum(["up", "down", "leaving", "caller", "caller-leaving"]),
  sequence: count,
  // A sidecar that counts wrongly is still there.
  stats: z.catch(z.optional(stats), undefined),
  policy: z.catch(z.optional(z.object(markFields)), undefined),
  ejected: z.catch(z.optional(z.array(instanceOfService).check(z.maxLength(MAX_EJECTED))), undefined),
  ejectedServices: z.catch(z.optional(z.array(name).check(z.maxLength(MAX_EJECTED))), undefined),
  quiet: z.catch(z.optional(count), undefined),
  weft: z.catch(z.optional(z.string().check(z.regex(WEFT))), undefined),
  frames: z.catch(z.optional(count), undefined),
});
const event = z.object({
  kind: z.enum(["up", "gone"]),
  registryStart: count,
  revision: count,
  previous: count,
  // A reason of a later version is no reason to miss that the instance is gone.
  reason: z.catch(z.optional(z.enum(["left", "down", "silent", "restarted"])), undefined),
  row,
});
const alive = z.object({
  registryStart: count,
  settled: z.boolean(),
  policy: z.catch(z.optional(z.object(markFields)), undefined),
});
const held = z.object({ registryStart: count, revision: count });
const snapshotRequest = z.object({ service: name, have: z.optional(held) });
const snapshot = z.object({
  registryStart: count,
  revision: count,
  service: name,
  complete: z.boolean(),
  instances: z.optional(z.array(row)),
  versions: z.optional(z.array(name)),
});

/** Each reader gives undefined for bytes that are not one such frame; it never throws. */
export const readEvent = reader<InstanceEvent>(event);
export const readAlive = reader<Alive>(alive);
export const readSnapshot = reader<Snapshot>(snapshot);
export const readSnapshotRequest = reader<SnapshotRequest>(snapshotRequest);
const readBeatBody = reader<Heartbeat>(heartbeat);

export type BadBeat = "oversize" | "undecodable" | "reserved" | "forged";

/**
 * Reads a beat. Who sent it is what the subject says, because the broker lets nobody else publish there; a body that
 * claims otherwise is refused.
 */
export function readHeartbeat(subject: string, data: Buffer): Heartbeat | BadBeat {
  if (data.length > MAX_BEAT_BYTES) return "oversize";
  const beat = readBeatBody(data);
  if (beat === undefined) return "undecodable";
  if (subject !== `reg.hb.${beat.service}.${beat.instance}`) return "forged";
  return RESERVED.has(beat.service) ? "reserved" : beat;
}

/** Makes a reader: it gives undefined for bytes that do not fit `schema`, and never throws. */
export function reader<T>(schema: z.ZodMiniType): (data: Buffer) => T | undefined {
  return (data) => {
    try {
      const parsed = schema.safeParse(packr.unpack(data));
      // zod types an optional field as possibly undefined; msgpackr leaves it out, so the field is absent.
      return parsed.success ? (parsed.data as T) : undefined;
    } catch {
      return undefined;
    }
  };
}
