/** What one instance was asked for, and what it let through, in calls a second. */
export interface Demand {
  readonly offered: number;
  readonly admitted: number;
}

/** An instance with more than enough may ask for so much more than it did before it has to wait for the next division. */
const HEADROOM = 0.25;
/** And one with hardly any calls gets so much of an even part. */
const FLOOR = 0.1;

/**
 * Divides a rate among instances by what is asked of them: who is asked for less than an even part gets that, and what
 * it leaves goes to the others in equal parts (max-min fairness, Bertsekas and Gallager, Data Networks §6.5.2).
 *
 * Those that want more get together what the others have really let through less, so that what passes in all is the
 * rate. The headroom of the others is not taken from them: it counts only if it is used, until the next division.
 * While there is enough for all, what is left is divided evenly.
 *
 * @param rate calls a second, above 0
 * @param demands one for each instance; undefined when it is not known: such an instance may want all it can get
 * @returns the share of each, above 0 and at most 1
 */
export function divide(rate: number, demands: readonly (Demand | undefined)[]): number[] {
  const even = rate / demands.length;
  const known = demands.filter((demand) => demand !== undefined);
  let left = rate;
  let hungry = demands.length;
  for (const { offered, admitted } of known.sort((a, b) => a.offered - b.offered)) {
    if (offered * hungry > left) break;
    left -= Math.min(admitted, offered);
    hungry--;
  }
  const level = hungry > 0 ? left / hungry : rate;
  const spare = hungry > 0 ? 0 : left / demands.length;
  return demands.map((demand) => {
    if (demand === undefined) return level / rate;
    const { offered } = demand;
    return Math.min(level, offered + Math.max(spare, HEADROOM * offered + FLOOR * even)) / rate;
  });
}
