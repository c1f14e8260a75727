/** What counters have gained since they were last asked about. */
export class Differences {
  readonly #before = new Map<string, number>();

  /** @param now what the counter shows; less than before means that it began anew */
  one(counter: string, now: number): number {
    const before = this.#before.get(counter) ?? 0;
    if (now > 0) this.#before.set(counter, now);
    return now >= before ? now - before : now;
  }

  /** Of a group of counters, those that have gained anything. */
  of(group: string, now: ReadonlyMap<string, number>): Map<string, number> {
    const gained = [...now].map(([name, count]) => [name, this.one(`${group} ${name}`, count)] as const);
    return new Map(gained.filter(([, count]) => count > 0));
  }
}
