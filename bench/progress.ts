import { describeScenario, type Scenario } from "./scenario.ts";

export interface Progress {
  say(text: string): void;
  /** The measuring begins, and takes about so long. */
  begin(seconds: number): void;
  measuring(round: number, rounds: number, path: string, scenario: Scenario): void;
  end(): void;
}

/** One line that is written over on a terminal; elsewhere a line only now and then. */
export function createProgress(out: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }): Progress {
  let endsAt = 0;
  let quietUntil = 0;
  const show = (text: string): void => {
    if (out.isTTY) {
      out.write(`\r\x1b[K${text.slice(0, (out.columns ?? 80) - 1)}`);
    } else if (performance.now() >= quietUntil) {
      quietUntil = performance.now() + 10_000;
      out.write(`${text}\n`);
    }
  };
  return {
    say: show,
    begin(seconds) {
      endsAt = performance.now() + seconds * 1000;
    },
    measuring(round, rounds, path, scenario) {
      const leftS = Math.max(0, Math.round((endsAt - performance.now()) / 1000));
      const left = leftS > 90 ? `${Math.round(leftS / 60)} min` : `${leftS} s`;
      show(`round ${round}/${rounds}, about ${left} left: ${path}, ${describeScenario(scenario)}`);
    },
    end() {
      if (out.isTTY) out.write("\r\x1b[K");
    },
  };
}
