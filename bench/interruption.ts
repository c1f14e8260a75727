import { BenchError } from "./processes.ts";

export interface Interruption {
  /** Gives what the work gives, or rejects as soon as the run is interrupted. */
  or<T>(work: Promise<T>): Promise<T>;
  happened(): boolean;
  /** Lets the signals do what they did before. */
  forget(): void;
}

/** SIGINT or SIGTERM end the run at once, and in order, so that every process it started is stopped. */
export function interruption(): Interruption {
  let happened = false;
  let tell = (): void => {};
  const told = new Promise<never>((_, reject) => {
    tell = () => {
      happened = true;
      reject(new BenchError("the bench was interrupted"));
    };
  });
  told.catch(() => {});
  process.once("SIGINT", tell).once("SIGTERM", tell);
  return {
    or: <T>(work: Promise<T>): Promise<T> => Promise.race([work, told]),
    happened: () => happened,
    forget: () => void process.off("SIGINT", tell).off("SIGTERM", tell),
  };
}
