import { pack } from "../../registry/frame.ts";
import type { Finding } from "../../resources/finding.ts";
import { finding } from "../../resources/finding.ts";
import { routingsOf } from "../held-policy.ts";
import { EVERY_SERVICE, type PolicyRecord, servicesOf } from "../record.ts";
import type { Change } from "./change.ts";

/** What an answer to a sidecar has besides the routing of one service. */
const ENVELOPE_BYTES = 2048;

/**
 * What of a new record is too large for a message.
 * @param packed the record as it would be stored; undefined when it is too large for that in any case
 */
export function oversize(
  record: PolicyRecord,
  changes: readonly Change[],
  packed: Buffer | undefined,
  limits: { readonly storeBytes: number; readonly messageBytes: number },
): Finding[] {
  if (packed === undefined || packed.length > limits.storeBytes)
    return [
      finding(
        "too-large",
        { path: "" },
        `all policies together are larger than the store takes (${limits.storeBytes} bytes, packed)`,
      ),
    ];
  const changed = new Set(changes.flatMap(({ after }) => (after === undefined ? [] : servicesOf(after))));
  const room = limits.messageBytes - ENVELOPE_BYTES;
  return [...routingsOf(record, new Map()).values()].flatMap((routing): Finding[] => {
    if (!changed.has(routing.service) && !changed.has(EVERY_SERVICE)) return [];
    const bytes = pack(routing).length;
    if (bytes <= room) return [];
    const message = `the routes and the policy of the service ${routing.service} take ${bytes} bytes together, and a message only ${room}`;
    return [finding("too-large", { path: "" }, message)];
  });
}
