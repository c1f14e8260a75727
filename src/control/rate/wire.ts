import * as z from "zod/mini";
import { reader } from "../../registry/frame.ts";
import type { Demand } from "./divide.ts";

/** Request on `reg.get.rate.<service>`: what one instance was asked for of late. The reply subject says which one. */
export interface RateReport {
  /** Absent while it has not counted for long enough: it may want all it can get. */
  readonly demand?: Demand;
}

/** Its answer, on the reply subject. */
export interface RateShare {
  /** The part of the service's global rate that the instance may let through: above 0, at most 1. */
  readonly share: number;
}

/** Two numbers and their names fit twice. */
export const MAX_REPORT_BYTES = 128;

const REPORT_MS = 1000;
/** All instances of one service make at most 200 reports a second. */
const REPORT_MS_FOR_EACH = 5;
const MAX_REPORT_MS = 10_000;

/** How often an instance reports, in ms, when its service has so many. */
export const reportEveryMs = (instances: number): number =>
  Math.min(MAX_REPORT_MS, Math.max(REPORT_MS, instances * REPORT_MS_FOR_EACH));

const callsPerSecond = z.number().check(z.minimum(0), z.maximum(1e9));
const report = z.object({
  demand: z.optional(z.object({ offered: callsPerSecond, admitted: callsPerSecond })),
});
const share = z.object({ share: z.number().check(z.minimum(1e-9), z.maximum(1)) });

/** Each reader gives undefined for bytes that are not one such message; it never throws. */
export const readRateReport = reader<RateReport>(report);
export const readRateShare = reader<RateShare>(share);
