import { BenchError } from "./processes.ts";

/** SIGINT or SIGTERM end the run at once, and in order, so that every process it started is stopped. */
export function interruption() {
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
