import type { Address } from "../options.ts";
import type { Rate } from "../policy/gcra.ts";

/** A certificate chain and its key, as PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** A way into the mesh for requests from outside. One of `https` and `http` is given, or both. */
export interface GatewayOptions {
  readonly https?: Address & {
    /** The first is shown to whoever names no host, or one that none of them is for. */
    readonly certificates: readonly CertificateFiles[];
  };
  readonly http?: Address;
  /** Requests over plain HTTP are sent to https at this port; they are routed when absent. */
  readonly redirectPort?: number;
  readonly limits?: Partial<GatewayLimits>;
}

export interface GatewayLimits {
  /** Proxies before this one that append to `x-forwarded-for` and are believed. Envoy's `xff_num_trusted_hops`. */
  readonly trustedHops: number;
  /** The trace context of a request goes on; else a new trace begins here (W3C Trace Context §4.3, "restart"). */
  readonly continueTraces: boolean;
  readonly maxConnections: number;
  /** Of one address; for IPv6 of one /64. It is not looked at behind trusted proxies, whose connections these are. */
  readonly maxConnectionsPerClient: number;
  /** For the TLS handshake, and for each head from its first byte. */
  readonly headTimeoutMs: number;
  readonly maxBodyBytes: number;
  /** Requests of one client; no limit when absent. */
  readonly ratePerClient?: Rate;
}

export const GATEWAY_LIMITS: GatewayLimits = {
  trustedHops: 0,
  continueTraces: false,
  maxConnections: 10_000,
  maxConnectionsPerClient: 100,
  headTimeoutMs: 10_000,
  maxBodyBytes: 100 * 1024 * 1024,
};
