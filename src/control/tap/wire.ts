import * as z from "zod/mini";
import { count, name, reader } from "../../registry/frame.ts";
import { type Account, account, fitAccount, fitText } from "../explain/account.ts";
import { MAX_WHERE } from "./where.ts";

/** Longest time a tap is granted. */
export const MAX_TAP_MS = 3_600_000;
/** A sidecar goes on for so long after it was told: whoever taps says so again in less (`TAP_AGAIN_MS`). */
export const MAX_HOLD_MS = 15_000;
export const TAP_AGAIN_MS = 5000;
/** Most calls a second that one sidecar tells. */
export const MAX_TAP_RATE = 1000;
/** Bytes kept of each body, at most. */
export const MAX_TAP_BODY = 64 * 1024;
/** Longest order that is read. */
export const MAX_ORDER_BYTES = 2048;

/** On `reg.ev.tap`: tell of such calls, for a while. */
export interface TapOrder {
  /** From the authority; nobody can read what is told under it but who was granted it. */
  readonly id: string;
  readonly service: string;
  /** `server`: the calls that it gets; `client`: those that it makes. */
  readonly side: "server" | "client";
  /** Which of them (`where`); empty for all. */
  readonly where: string;
  /** Bytes of each body, 0 for none. */
  readonly bodyBytes: number;
  /** Calls a second from each sidecar, at most. */
  readonly rate: number;
  /** From now on; 0 ends it. */
  readonly holdMs: number;
}

/** The beginning of a body, as it passed. */
export interface TappedBody {
  /** UTF-8, or base64 when it is not text. */
  readonly text: string;
  readonly base64?: true;
  /** How many bytes had passed when this was told. */
  readonly bytes: number;
  /** More passed than is in `text`, or may still pass. */
  readonly cut?: true;
}

/** Half of a call: its header fields in their order, without secrets, and its body when that was asked for. */
export interface TappedMessage {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: TappedBody;
}

/** One call as one sidecar saw it: what `weft explain` would tell of it, and more. */
export interface TappedCall extends Account {
  readonly version: string;
  readonly requestId?: string;
  readonly request: TappedMessage;
  readonly response: TappedMessage;
}

/** On `reg.tap.<id>.<service>.<instance>`. */
export interface TapReport {
  readonly instance: string;
  readonly calls: readonly TappedCall[];
  /** Calls since the tap began here that were meant, and of these the ones that were not told. */
  readonly matched: number;
  readonly dropped: number;
}

export const tapId = z.string().check(z.regex(/^[0-9a-f]{24}$/));
const holdMs = z.int().check(z.minimum(0), z.maximum(MAX_HOLD_MS));
const text = (max: number) => z.string().check(z.maxLength(max));
const order = z.object({
  id: tapId,
  service: name,
  side: z.enum(["server", "client"]),
  where: text(MAX_WHERE),
  bodyBytes: count.check(z.maximum(MAX_TAP_BODY)),
  rate: z.int().check(z.minimum(1), z.maximum(MAX_TAP_RATE)),
  holdMs,
});

const MAX_HEADERS = 128;
const MAX_HEADER_NAME = 256;
const MAX_HEADER_VALUE = 2048;
const message = z.object({
  headers: z.array(z.tuple([text(MAX_HEADER_NAME), text(MAX_HEADER_VALUE)])).check(z.maxLength(MAX_HEADERS)),
  body: z.optional(
    z.object({
      // Base64 takes 4 characters for 3 bytes.
      text: text(Math.ceil((MAX_TAP_BODY * 4) / 3) + 4),
      base64: z.optional(z.literal(true)),
      bytes: count,
      cut: z.optional(z.literal(true)),
    }),
  ),
});
const call = z.extend(account, {
  version: text(63),
  requestId: z.optional(text(MAX_HEADER_VALUE)),
  request: message,
  response: message,
});
const report = z.object({
  instance: name,
  calls: z.array(call).check(z.maxLength(1000)),
  matched: count,
  dropped: count,
});

/** Each reader gives undefined for bytes that are not one such message; it never throws. */
export const readOrder = reader<TapOrder>(order);
export const readReport = reader<TapReport>(report);

/** What the reader takes: what is longer is cut, and nothing that a terminal would obey is left in it, but in bodies. */
export const fitCall = ({ version, requestId, request, response, ...rest }: TappedCall): TappedCall => ({
  ...fitAccount(rest),
  version,
  ...(requestId === undefined ? {} : { requestId: fitText(requestId, MAX_HEADER_VALUE) }),
  request: fitMessage(request),
  response: fitMessage(response),
});

const fitMessage = ({ headers, ...rest }: TappedMessage): TappedMessage => ({
  headers: headers
    .slice(0, MAX_HEADERS)
    .map(([name, value]) => [fitText(name, MAX_HEADER_NAME), fitText(value, MAX_HEADER_VALUE)] as const),
  ...rest,
});
