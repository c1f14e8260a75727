/** RFC 9110 §5.6.7: the form of today, and the two that a recipient has to read still (RFC 850, asctime). */
const HTTP_DATE =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3), seconds or a date.
 * @param unixMs the wall clock, which dates are compared with
 * @returns ms from now on, 0 for a date that has passed; undefined when there is no value, or it is none
 */
export function readRetryAfter(value: string | undefined, unixMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  if (!HTTP_DATE.test(value)) return undefined;
  // All three forms are in UTC, also the one that does not say so.
  const at = Date.parse(value.endsWith("GMT") ? value : `${value} GMT`);
  return Number.isNaN(at) ? undefined : Math.max(0, at - unixMs);
}
