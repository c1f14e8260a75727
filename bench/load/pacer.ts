/**
 * Calls `due` for each request of a constant rate, with the time at which it ought to be sent, from `startMs` until
 * `endMs`. Between turns of the event loop the thread sleeps for a moment (0.07 ms as measured): Node's timers
 * count in whole milliseconds, and spinning would take a core from what is measured.
 */
export function pace(
  ratePerS: number,
  startMs: number,
  endMs: number,
  due: (atMs: number) => void,
): Promise<void> {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const intervalMs = 1000 / ratePerS;
  let sent = 0;
  return new Promise((resolve) => {
    const turn = () => {
      const now = performance.now();
      for (let at = startMs + sent * intervalMs; at <= now && at < endMs; at = startMs + ++sent * intervalMs)
        due(at);
      if (now >= endMs) {
        resolve();
        return;
      }
      Atomics.wait(sleeper, 0, 0, 0.02);
      setImmediate(turn);
    };
    turn();
  });
}
