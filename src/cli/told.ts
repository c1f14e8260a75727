/** A signal that asks this process to end. */
export type EndSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/**
 * Calls back for each signal that asks to end. A program that started this one with an IPC channel says the same by
 * closing it, also when it is killed: so nothing stays behind.
 */
export function onTold(told: (signal: EndSignal) => void): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, told);
  if (process.send) process.once("disconnect", () => told("SIGTERM"));
}
