import { z } from "zod";
import { isToken } from "../../subjects/token.ts";
import { type KnownService, upRows } from "../known-service.ts";

const name = z.string().refine(isToken);
const unixMs = z.number().min(0).max(8.64e15);
const seen = { firstSeen: unixMs, lastSeen: unixMs };

const serviceRecord = z.object({
  service: name,
  ...seen,
  versions: z.array(z.object({ version: name, ...seen })),
  instances: z.array(
    z.object({
      service: name,
      instance: name,
      version: name,
      zone: name.exactOptional(),
      startedAt: unixMs,
    }),
  ),
});

/** What of one service outlives the registry: that it exists, its versions, and which instances were up. */
export type ServiceRecord = z.infer<typeof serviceRecord>;

export const recordOf = (service: KnownService): ServiceRecord => ({
  service: service.name,
  firstSeen: service.firstSeen,
  lastSeen: service.lastSeen,
  versions: [...service.versions].map(([version, seen]) => ({ version, ...seen })),
  instances: upRows(service),
});

/** JSON, so that `nats kv get` shows it. */
export const encodeRecord = (record: ServiceRecord): Buffer => Buffer.from(JSON.stringify(record));

/** @returns undefined for what is no record of this service */
export function decodeRecord(service: string, data: Uint8Array): ServiceRecord | undefined {
  try {
    const record = serviceRecord.parse(JSON.parse(Buffer.from(data).toString("utf8")));
    return record.service === service ? record : undefined;
  } catch {
    return undefined;
  }
}
