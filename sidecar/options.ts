import type { Bus } from "../src/bus/bus.ts";
import type { LogSettings } from "../src/telemetry/log-settings.ts";
import type { GatewayOptions } from "./gateway/options.ts";
import type { AppAddress } from "./life/health.ts";

export interface Address {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
}

/** A listener for one service, for programs that know neither proxies nor host names. */
export interface Upstream extends Address {
  readonly service: string;
  readonly version?: string;
}

export interface SidecarOptions {
  readonly mesh: string;
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  readonly bus: Bus;
  /** The app that this instance is; absent for a pure caller. */
  readonly app?: AppAddress;
  /** Path of an HTTP health check; a TCP connection is tried when absent. */
  readonly healthPath?: string;
  readonly zone?: string;
  /** The outbound listener, on loopback; a gateway has none. */
  readonly listen?: Address;
  /** A way in for requests from outside. */
  readonly gateway?: GatewayOptions;
  readonly upstreams?: readonly Upstream[];
  readonly admin?: Address;
  readonly limits?: Partial<Limits>;
  readonly tracing?: {
    readonly endpoint?: string;
    readonly ratio?: number;
    /** The broker traces, too: contexts of sampled calls go into NATS headers. */
    readonly broker?: boolean;
  };
  /** Where the access log goes; none is kept when absent. */
  readonly accessLog?: "stdout" | "stderr";
  /** What is logged; it may be changed at any time, and is by `PUT /log` of the admin listener. */
  readonly log?: LogSettings;
  /** Where policy, and the share of a global rate, are kept, to start with while the registry is away; nowhere when absent. */
  readonly policyFolder?: string;
  /** The authority says that not everybody may call this service: it takes no calls before it knows its policy. */
  readonly guarded?: boolean;
  /** When the credentials end, in Unix ms, for the metrics. */
  readonly expiry?: () => { readonly jwtExpiresAt?: number; readonly leafExpiresAt?: number };
  /** Says what an operator should know: one line each. */
  readonly say?: Say;
}

/**
 * @param event its name, kebab-case: the same for ever, so that programs can look for it; the message is for people, and
 * may say more tomorrow
 */
export type Say = (level: "info" | "warn" | "error", message: string, event: string) => void;

export interface Limits {
  /** Time for a call of which the app says nothing. Envoy's default, too. */
  readonly timeoutMs: number;
  /** How long nothing may move on a stream. Envoy's `stream_idle_timeout`. */
  readonly idleTimeoutMs: number;
  /** Calls that wait for an answer at once. Envoy's `max_pending_requests`. */
  readonly maxPending: number;
  /** Attempts after the first for what no app has seen; 0 switches them off. */
  readonly retries: number;
  /** How long a call waits for a broker that is away. */
  readonly brokerWaitMs: number;
}

export const LIMITS: Limits = {
  timeoutMs: 15_000,
  idleTimeoutMs: 300_000,
  maxPending: 1024,
  retries: 2,
  brokerWaitMs: 0,
};
