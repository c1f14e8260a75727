import type { Logger } from "../telemetry/log.ts";

const LEVELS = ["info", "warn", "error"];

/**
 * SIGUSR2 moves a part's log on to the next level, and says so whatever that is: info, warn, error, info …
 * A signal, because the authority has no listener for its operator alone.
 */
export function levelOnSignal(log: Logger): void {
  process.on("SIGUSR2", () => {
    const level = LEVELS[(LEVELS.indexOf(log.level) + 1) % LEVELS.length]!;
    log.level = "info";
    log.info({ event: "log-level", to: level }, "the level of this log was changed");
    log.level = level;
  });
}
