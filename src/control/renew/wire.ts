import * as z from "zod/mini";
import { count, name, reader } from "../../registry/frame.ts";

/** Services that one wish names at most; when there are more, it is for all. */
export const MAX_NAMED = 1024;
/** That many of the longest names fit. */
export const MAX_WISH_BYTES = 128 * 1024;
/** Renewals are spread over this time unless the wish says otherwise. */
export const WITHIN_MS = 2000;
export const MAX_WITHIN_MS = 600_000;

/**
 * On `reg.ev.renew`: what was issued before a time is out of date (who may call whom has changed, or what is trusted),
 * and should be renewed now instead of at half its life.
 */
export interface RenewalWish {
  /** Unix ms by the authority's clock, which also wrote the time of issue. */
  readonly issuedBefore: number;
  /** Whose instances; everybody's when absent. */
  readonly services?: readonly string[];
  /** Each takes a moment within this time, so that they do not all come at once. */
  readonly withinMs?: number;
}

/** Gives undefined for bytes that are not one such message; it never throws. */
export const readWish = reader<RenewalWish>(
  z.object({
    issuedBefore: count,
    services: z.optional(z.array(name).check(z.maxLength(MAX_NAMED))),
    withinMs: z.optional(z.int().check(z.minimum(0), z.maximum(MAX_WITHIN_MS))),
  }),
);
