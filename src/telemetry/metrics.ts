import { callFamilies } from "./call-families.ts";
import { CallMeter } from "./call-meter.ts";
import { type CalleeState, calleeFamilies } from "./callee-families.ts";
import { CallerCounts } from "./caller-counts.ts";
import { type Family, type Labels, single } from "./family.ts";
import { istioFamilies } from "./istio-families.ts";
import { type ConcurrencyState, limitFamilies } from "./limit-families.ts";
import { processFamilies } from "./process-families.ts";
import { TokenCounts } from "./token-families.ts";

/** What a scrape asks the sidecar for. Whatever is not known is undefined, and then not shown. */
export interface SidecarState {
  /** End of the user JWT, in Unix ms. */
  readonly jwtExpiresAt?: number | undefined;
  /** End of the TLS leaf, in Unix ms. */
  readonly leafExpiresAt?: number | undefined;
  /** End of the first of a gateway's own certificates, in Unix ms. */
  readonly gatewayExpiresAt?: number | undefined;
  /** Whether the table of instances is kept up to date; false while the registry is away. */
  readonly registryLive?: boolean | undefined;
  /** How old the table is, in ms. */
  readonly registryAgeMs?: number | undefined;
  readonly instancesKnown?: number | undefined;
}

export interface MetricsOptions {
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  /** Asked once per shown value at each scrape, so it must be cheap. */
  readonly state?: () => SidecarState;
  /** The services that the sidecar calls; asked once at each scrape. */
  readonly callees?: () => readonly CalleeState[];
  /** How busy the app is; asked once at each scrape. Undefined where there is none. */
  readonly concurrency?: () => ConcurrencyState | undefined;
  /** How old the keys of each provider of end users' tokens are, in ms; asked at each scrape. */
  readonly keyAges?: () => readonly (readonly [provider: string, ms: number])[];
  /** Envoy's response flag for a code of the mesh, for Istio's names. */
  readonly flagOf?: (code: string) => string;
  /** Monotonic clock in ms, for the expiry of idle series. */
  readonly now?: () => number;
}

export interface Metrics {
  readonly client: CallMeter;
  readonly server: CallMeter;
  /** Of copies of calls (RequestMirror). */
  readonly mirrorClient: CallMeter;
  readonly mirrorServer: CallMeter;
  /** A call was to be copied, and could not be. */
  mirrorSkipped(): void;
  /** A call that came in was above a rate. @param limit `local` or `global` */
  limited(caller: string, limit: string): void;
  /** The token of an end user was looked at, or missed. @param provider empty when it is not known */
  token(provider: string, result: string): void;
  /** Authorization denied a call that came in, or would have. @param mode `enforce` or `shadow` */
  denied(caller: string, rule: string, mode: string): void;
  /** How many were, by caller, since the start. */
  limitedOf(): ReadonlyMap<string, number>;
  /** Tells each change of the connection to the broker. */
  brokerState(kind: "connected" | "away" | "closed"): void;
  /** The Prometheus text exposition, version 0.0.4. The first call loads prom-client. */
  text(view?: View): Promise<string>;
  /** All that a view can show. */
  families(view: View): readonly Family[];
}

/** `weft`: everything, in our names and OpenTelemetry's. `istio`: the calls alone, in Istio's. */
export const VIEWS = ["weft", "istio"] as const;
export type View = (typeof VIEWS)[number];

export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The metrics of one sidecar. The registry is loaded at the first scrape: until then only counters are kept. */
export function createMetrics(options: MetricsOptions): Metrics {
  const {
    service,
    instance,
    version,
    state = () => ({}),
    callees,
    concurrency,
    keyAges = () => [],
    flagOf = () => "-",
  } = options;
  const clock = options.now ? { now: options.now } : {};
  const client = new CallMeter({ side: "client", service, ...clock });
  const server = new CallMeter({ side: "server", service, ...clock });
  const mirrorClient = new CallMeter({ side: "client", mirrored: true, service, ...clock });
  const mirrorServer = new CallMeter({ side: "server", mirrored: true, service, ...clock });
  let mirrorsSkipped = 0;
  let connected = false;
  let connects = 0;
  const limited = new CallerCounts("limit");
  const tokens = new TokenCounts();
  const denied = new CallerCounts("rule", "mode");
  /** As the scrape that is under way has found it. */
  let calleesNow: readonly CalleeState[] = [];
  let concurrencyNow: ConcurrencyState | undefined;

  const families: Family[] = [
    {
      name: "weft_info",
      help: "Which sidecar this is",
      type: "gauge",
      labels: ["weft_service", "weft_instance", "weft_version"],
      read: () => [
        { labels: { weft_service: service, weft_instance: instance, weft_version: version }, value: 1 },
      ],
    },
    ...[client, server, mirrorClient, mirrorServer].flatMap(callFamilies),
    single(
      "counter",
      "weft_mirror_client_skipped_total",
      "Copies that were not sent because the body was too long to be kept, or did not come in full, or it was an upgrade",
      () => mirrorsSkipped,
    ),
    single("gauge", "weft_broker_connected", "1 while connected to the broker", () => Number(connected)),
    single("counter", "weft_broker_reconnects_total", "Connections to the broker after the first", () =>
      Math.max(0, connects - 1),
    ),
    ...calleeFamilies(() => calleesNow),
    ...limitFamilies(() => concurrencyNow, limited, denied),
    ...tokens.families(keyAges),
    ...stateFamilies(state, { weft_service: service, weft_instance: instance }),
    ...processFamilies(),
  ];

  const views = { weft: families, istio: istioFamilies({ client, server }, version, flagOf) };
  const expositions: Partial<Record<View, Promise<{ metrics(): Promise<string> }>>> = {};
  return {
    client,
    server,
    mirrorClient,
    mirrorServer,
    mirrorSkipped: () => void mirrorsSkipped++,
    limited: (caller, limit) => limited.count(caller, limit),
    token: (provider, result) => tokens.count(provider, result),
    denied: (caller, rule, mode) => denied.count(caller, rule, mode),
    limitedOf: () => limited.totals(),
    brokerState(kind) {
      if (kind === "connected" && !connected) connects++;
      connected = kind === "connected";
    },
    families: (view) => views[view],
    async text(view = "weft") {
      expositions[view] ??= import("./exposition.ts").then(({ expositionOf }) => expositionOf(views[view]));
      const exposition = await expositions[view];
      calleesNow = callees?.() ?? [];
      concurrencyNow = concurrency?.();
      return exposition.metrics();
    },
  };
}

function stateFamilies(state: () => SidecarState, who: Labels): Family[] {
  return [
    {
      name: "weft_credential_expiry_timestamp_seconds",
      help: "When a credential ends, in Unix time",
      type: "gauge",
      labels: ["weft_service", "weft_instance", "kind"],
      read: () => {
        const { jwtExpiresAt: jwt, leafExpiresAt: leaf, gatewayExpiresAt: gateway } = state();
        return Object.entries({ jwt, leaf, gateway }).flatMap(([kind, at]) =>
          at === undefined ? [] : [{ labels: { ...who, kind }, value: at / 1000 }],
        );
      },
    },
    single(
      "gauge",
      "weft_registry_live",
      "1 while the registry keeps the table of instances up to date",
      () => {
        const live = state().registryLive;
        return live === undefined ? undefined : Number(live);
      },
    ),
    single(
      "gauge",
      "weft_registry_table_age_seconds",
      "How long ago the registry, from which the table of instances is, was heard",
      () => {
        const age = state().registryAgeMs;
        return age === undefined ? undefined : age / 1000;
      },
    ),
    single("gauge", "weft_instances_known", "Instances in the table", () => state().instancesKnown),
  ];
}
