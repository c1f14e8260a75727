/**
 * Unix time in ms at which the monotonic clock was 0. `Date.now` has steps of a whole millisecond, in which a call and
 * what it led to would trade places; so it counts only when the clock was set, or the machine slept, since the start.
 */
export function unixZero(): number {
  const zero = Date.now() - performance.now();
  return Math.abs(zero - performance.timeOrigin) < 2 ? performance.timeOrigin : zero;
}
