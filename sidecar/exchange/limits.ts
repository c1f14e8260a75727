import { PREFIX } from "../../src/protocol/frame.ts";

/** Body bytes that one direction may have on its way before the reader has taken some: bounds the memory of a call. */
export const WINDOW_BYTES = 256 * 1024;

/** Body bytes in OPEN or HEAD: what fits here travels in one message, and can be sent again. */
export const FIRST_BYTES = 128 * 1024;

/** Body bytes of one DATA frame: long enough to be cheap, short enough not to delay other calls. */
export const CHUNK_BYTES = 64 * 1024;

/** A frame that waits for an earlier one, which the renewal of a connection can let arrive later, waits this long. */
export const GAP_MS = 2000;

/** A call that takes longer than this to answer is confirmed, so that the caller knows who has it. */
export const RECEIPT_AFTER_MS = 50;

/** Without receipt or answer for this long, the message is taken for lost. */
export const LOST_AFTER_MS = 5000;

/** Bodies that have gone on for so long are taken for a stream or a tunnel, for whose end nobody waits. */
export const ENDLESS_AFTER_MS = 10_000;

/** How much of a body one frame can carry under the broker's limit for messages. */
export const chunkBytes = (maxPayload: number): number =>
  Math.max(1, Math.min(CHUNK_BYTES, maxPayload - PREFIX.data));
