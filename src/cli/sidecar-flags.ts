import { type Command, Option } from "commander";
import {
  type Address,
  LIMITS,
  type Limits,
  type SidecarOptions,
  type Upstream,
} from "../../sidecar/options.ts";
import { LEVELS, type Level, LOG_SETTINGS } from "../telemetry/log-settings.ts";
import {
  authorityPin,
  duration,
  httpsUrl,
  httpUrl,
  logFormat,
  loopbackAddress,
  many,
  nameOf,
  ratio,
  upstream,
  valued,
  wholeNumber,
  withState,
} from "./flags.ts";

/** What all members of a mesh have in common, as commander hands it over. */
export interface MemberFlags {
  readonly state: string;
  readonly version: string;
  readonly tokenFile?: string;
  readonly platformToken?: string;
  readonly authority?: string;
  readonly authorityPin?: string;
  readonly identity?: string;
  readonly admin: Address | false;
  readonly zone?: string;
  readonly timeout: number;
  readonly idleTimeout: number;
  readonly maxPending: number;
  readonly retries: number;
  readonly brokerWait: number;
  readonly drain: number;
  readonly otlp?: string;
  readonly traceRatio?: number;
  readonly brokerTraces?: boolean;
  readonly accessLog?: boolean;
  readonly accessLogSample: number;
  readonly accessLogSlow: number;
  readonly logLevel: Level;
  readonly logFormat: "text" | "json";
}

/** What `weft run` and `weft sidecar` have besides: they stand beside an app. */
export interface SidecarFlags extends MemberFlags {
  readonly listen: Address;
  readonly upstream?: readonly Upstream[];
  readonly health?: string;
}

/** `--version` of a service. @param more what its text in the help ends with */
export const versionOption = (more = ""): Option =>
  new Option("--version <name>", `version of the service, such as 1 or 2-canary${more}`).argParser(
    nameOf("version"),
  );

/**
 * @param version a verb may need it always, or only for an app
 * @param listen the default of `--listen`
 */
export function withSidecarFlags(command: Command, version: Option, listen: string): Command {
  const beside = withState(command)
    .addOption(version)
    .addOption(
      valued(
        "--listen <address>",
        "where the app reaches the mesh, as an HTTP proxy (port 0: a free one)",
        loopbackAddress,
        listen,
      ),
    )
    .option(
      "--upstream <service=address>",
      "a listener for one service, for apps that know no proxy: orders=127.0.0.1:7001, v2.orders=7002; may be repeated",
      many(upstream),
    )
    .option(
      "--health <path>",
      "the app is healthy when GET of this answers 2xx or 3xx (default: when it accepts TCP)",
      path,
    );
  return withMemberFlags(beside);
}

/** The flags of every member but where the state is. */
export function withMemberFlags(command: Command): Command {
  return command
    .addOption(valued("--admin <address>", "metrics, readiness and configuration", loopbackAddress, "0"))
    .option("--no-admin", "no admin listener")
    .option("--zone <name>", "where the instance is, such as eu-1a", nameOf("zone"))
    .option(
      "--token-file <file>",
      "file with a one-time token, - for stdin (default: WEFT_TOKEN, else made by the mesh of --state)",
    )
    .option(
      "--platform-token <file>",
      "file with a token of the platform in place of one of weft, such as a Kubernetes service account's; read anew whenever it is needed",
    )
    .option(
      "--authority <url>",
      "with --platform-token: where to enrol (default: the mesh of --state)",
      httpsUrl,
    )
    .option(
      "--authority-pin <hash>",
      "with --authority: SHA-256 of the key of the mesh's root CA, which weft up prints",
      authorityPin,
    )
    .option("--identity <dir>", "keep the identity here, so that a restart needs no new token")
    .addOption(
      valued(
        "--timeout <duration>",
        "time for a call, all attempts together; 0s: none",
        duration,
        seconds(LIMITS.timeoutMs),
      ),
    )
    .addOption(
      valued(
        "--idle-timeout <duration>",
        "how long nothing may move on a stream",
        duration,
        seconds(LIMITS.idleTimeoutMs),
      ),
    )
    .option(
      "--max-pending <n>",
      "calls under way at once, further ones are refused",
      wholeNumber,
      LIMITS.maxPending,
    )
    .option(
      "--retries <n>",
      "further attempts for what no app can have seen; 0: none",
      wholeNumber,
      LIMITS.retries,
    )
    .addOption(
      valued(
        "--broker-wait <duration>",
        "how long a call waits for a broker that is away",
        duration,
        seconds(LIMITS.brokerWaitMs),
      ),
    )
    .addOption(
      valued("--drain <duration>", "time for calls under way when the instance leaves", duration, "10s"),
    )
    .option("--otlp <url>", "send traces there (OTLP over HTTP), such as http://127.0.0.1:4318", httpUrl)
    .option("--trace-ratio <ratio>", "part of calls that are traced, 0 to 1", ratio)
    .option(
      "--broker-traces",
      "tell the broker of traced calls, in NATS headers: for an account with a trace destination (nats-server 2.11 and later)",
    )
    .option(
      "--access-log",
      "a line of JSON for each call, on stdout (weft run: on stderr, since stdout is the app's)",
    )
    .option(
      "--access-log-sample <ratio>",
      "with --access-log: part of calls that it has, 0 to 1; those that failed or were slow are always in it",
      ratio,
      LOG_SETTINGS.accessSample,
    )
    .addOption(
      valued(
        "--access-log-slow <duration>",
        "with --access-log-sample: from when on a call is slow",
        duration,
        seconds(LOG_SETTINGS.accessSlowMs),
      ),
    )
    .addOption(
      new Option("--log-level <level>", "what weft itself says; PUT /log of --admin changes it at run time")
        .choices(LEVELS)
        .default(LOG_SETTINGS.level),
    )
    .addOption(logFormat());
}

const seconds = (ms: number): string => `${ms / 1000}s`;

function path(text: string): string {
  return text.startsWith("/") ? text : `/${text}`;
}

type FromFlags = Pick<
  SidecarOptions,
  "listen" | "upstreams" | "admin" | "healthPath" | "zone" | "limits" | "tracing" | "accessLog" | "log"
>;

/** The part of a sidecar's options that its flags decide. @param accessLog where it goes when it is on */
export function optionsFrom(
  flags: MemberFlags & Partial<SidecarFlags>,
  accessLog: "stdout" | "stderr",
): FromFlags {
  const limits: Limits = {
    timeoutMs: flags.timeout === 0 ? Number.POSITIVE_INFINITY : flags.timeout,
    idleTimeoutMs: flags.idleTimeout,
    maxPending: flags.maxPending,
    retries: flags.retries,
    brokerWaitMs: flags.brokerWait,
  };
  return {
    limits,
    tracing: {
      ...(flags.otlp === undefined ? {} : { endpoint: flags.otlp }),
      ...(flags.traceRatio === undefined ? {} : { ratio: flags.traceRatio }),
      ...(flags.brokerTraces && { broker: true }),
    },
    ...(flags.accessLog && { accessLog }),
    log: {
      level: flags.logLevel,
      accessSample: flags.accessLogSample,
      accessSlowMs: flags.accessLogSlow,
    },
    ...(flags.listen && { listen: flags.listen }),
    ...(flags.upstream && { upstreams: flags.upstream }),
    ...(flags.admin && { admin: flags.admin }),
    ...(flags.health === undefined ? {} : { healthPath: flags.health }),
    ...(flags.zone === undefined ? {} : { zone: flags.zone }),
  };
}
