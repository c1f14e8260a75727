/** Time, injected, so that tests move it themselves. */
export interface Clock {
  /** Milliseconds that never jump: for every "how long since". */
  now(): number;
  /** Unix time in ms: for what people and files see. */
  unix(): number;
  /** Runs once after `ms`; returns the way to stop it. */
  after(ms: number, run: () => void): () => void;
}

/** The machine's clock. Its timers do not keep a process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  unix: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};

/** Runs again and again, `ms()` after the end of the run before; returns the way to stop it. */
export function every(clock: Clock, ms: () => number, run: () => void): () => void {
  let cancel = clock.after(ms(), function again() {
    run();
    if (!stopped) cancel = clock.after(ms(), again);
  });
  let stopped = false;
  return () => {
    stopped = true;
    cancel();
  };
}
