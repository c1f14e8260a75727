import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { keyOf } from "../../resources/key.ts";
import { readResource } from "../../resources/read.ts";
import { byAge, type Entry, type PolicyRecord, type Summary } from "../record.ts";

/** The whole set as JSON, unpacked: what a value from the store may grow to in memory. */
export const MAX_JSON_BYTES = 16 * 1024 * 1024;
/** A summary is one short line. */
const MAX_LINE_BYTES = 2048;
const FORMAT = 1;

/** A value in the store that is not a policy this registry can read. */
export class RecordError extends Error {
  override readonly name = "RecordError";
}

const count = z.int().min(0);
const unixMs = z.number().min(0).max(8.64e15);
const summary = z.object({
  format: z.literal(FORMAT),
  lineage: z.string().min(1).max(64),
  revision: count,
  at: unixMs,
  by: z.string().max(256),
  cause: z.string().max(64),
  created: count,
  configured: count,
  deleted: count,
});
const body = z.object({
  services: z.record(z.string(), count),
  entries: z.array(z.object({ createdAt: unixMs, revision: count, resource: z.unknown() })),
});

/**
 * A line of JSON with the summary, so that a history is told without unpacking, and `nats kv get` shows what it is;
 * then the rest as gzip.
 * @returns undefined when it is over `MAX_JSON_BYTES` unpacked
 */
export function encodeRecord({ entries, services, ...rest }: PolicyRecord): Buffer | undefined {
  const json = JSON.stringify({ services: Object.fromEntries(services), entries: [...entries.values()] });
  if (Buffer.byteLength(json) > MAX_JSON_BYTES) return undefined;
  return Buffer.concat([Buffer.from(`${JSON.stringify({ format: FORMAT, ...rest })}\n`), gzipSync(json)]);
}

/** @throws RecordError */
export function decodeSummary(value: Uint8Array): Summary {
  return split(value)[0];
}

/** @throws RecordError that says what is wrong, also when it was written by a later version */
export function decodeRecord(value: Uint8Array): PolicyRecord {
  const [head, packed] = split(value);
  const where = `revision ${head.revision} in the store`;
  let parsed: z.infer<typeof body>;
  try {
    const json = gunzipSync(packed, { maxOutputLength: MAX_JSON_BYTES });
    parsed = body.parse(JSON.parse(json.toString("utf8")));
  } catch (error) {
    throw new RecordError(`${where} is damaged: ${text(error)}`, { cause: error });
  }
  const entries = parsed.entries.map(({ resource: value, ...ages }, i): [string, Entry] => {
    const { resource, findings } = readResource(value, i);
    if (resource !== undefined) return [keyOf(resource), { ...ages, resource }];
    const { resource: name = `resource ${i + 1}`, path, message } = findings[0]!;
    throw new RecordError(`${where} has what this version of weft cannot read: ${name}, ${path}: ${message}`);
  });
  return {
    ...head,
    entries: new Map(entries.sort(byAge)),
    services: new Map(Object.entries(parsed.services)),
  };
}

function split(value: Uint8Array): [Summary, Uint8Array] {
  const end = value.subarray(0, MAX_LINE_BYTES).indexOf(0x0a);
  try {
    const line = JSON.parse(Buffer.from(value.subarray(0, Math.max(0, end))).toString("utf8"));
    if (typeof line.format === "number" && line.format > FORMAT)
      throw new RecordError(`its format is ${line.format}, of a later version of weft than this one`);
    const { format, ...head } = summary.parse(line);
    return [head, value.subarray(end + 1)];
  } catch (error) {
    if (error instanceof RecordError) throw error;
    throw new RecordError(`what is in the store is no policy: ${text(error)}`, { cause: error });
  }
}

const text = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 300);
