import { readInfo } from "./info.ts";
import { lastWords } from "./log.ts";
import { reachable } from "./ports.ts";

/** The broker did not start, or ended for good. The message names the reason and the cure. */
export class BrokerError extends Error {
  override readonly name = "BrokerError";
  /** The port that was taken, when that is what went wrong. */
  readonly takenPort: number | undefined;

  constructor(message: string, takenPort?: number) {
    super(message);
    this.takenPort = takenPort;
  }
}

/** Turns what a nats-server said before it ended into an error with a cure. */
export async function explainFailure(said: string, host: string, logFile: string): Promise<BrokerError> {
  const taken = takenPort(said);
  if (taken !== undefined)
    return new BrokerError(
      `port ${taken} is taken${await holder(host, taken)}: stop that, or give ${/router port/.test(said) ? "the cluster another port" : "--broker-port 0 (any free port)"}. "${lookUp(taken)}" shows who has it`,
      taken,
    );
  const words = lastWords(said) || "it said nothing";
  const cure = /permission denied/.test(words)
    ? "check who owns the files it names, and that ports are above 1023"
    : "the whole log";
  return new BrokerError(`nats-server did not start: ${words}\n${cure}: ${logFile}`);
}

/** The port in nats-server's words for "address already in use", for clients, monitoring or routes. */
function takenPort(said: string): number | undefined {
  const port = /listen tcp \S*?:(\d+): bind: (address already in use|Only one usage)/.exec(said)?.[1];
  return port === undefined ? undefined : Number(port);
}

async function holder(host: string, port: number): Promise<string> {
  try {
    const info = await readInfo(reachable(host), port, 500);
    return ` by a nats-server ${info.version} (${info.server_name})`;
  } catch {
    return ""; // somebody else's program: it need not speak to us
  }
}

const lookUp = (port: number): string =>
  process.platform === "linux"
    ? `ss -ltnp sport = :${port}`
    : process.platform === "win32"
      ? `netstat -ano | findstr :${port}`
      : `lsof -nP -iTCP:${port} -sTCP:LISTEN`;
