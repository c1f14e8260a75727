import type { Case } from "./clock.ts";

/** What calls return is kept, so that the compiler cannot leave them out. */
let kept: unknown;

export const repeat = (name: string, call: () => unknown): Case => ({
  name,
  run: (times) => {
    for (let i = 0; i < times; i++) kept = call();
    return kept;
  },
});

/** The same for what gives a promise: each is waited for before the next is made. */
export const repeatAwaited = (name: string, call: () => Promise<unknown>): Case => ({
  name,
  run: async (times) => {
    for (let i = 0; i < times; i++) kept = await call();
  },
});
