/*
 * What the registry and the dashboard answer, as far as the pages read it. The registry's own schemas are the measure:
 * a test holds the two together.
 */

/** In the order of how bad it is. */
export const HEALTHS = ["ok", "idle", "degraded", "failing", "down"] as const;
export type Health = (typeof HEALTHS)[number];

/** The golden signals of some calls. Durations are in ms; null is "there were no calls". */
export interface Golden {
  readonly calls: number;
  /** A second. */
  readonly rate: number;
  /** 0 to 1. */
  readonly success: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly statuses: Readonly<Record<"2xx" | "3xx" | "4xx" | "5xx" | "none", number>>;
  /** Calls that the mesh ended by itself, by code. */
  readonly codes: Readonly<Record<string, number>>;
  readonly retries: number;
  readonly hedges: number;
  readonly ejections: number;
  readonly parked: number;
  readonly limited: number;
  readonly shed: number;
}

export interface Span {
  /** Unix ms. */
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
}

export interface GraphNode {
  readonly service: string;
  readonly health: Health;
  readonly why?: string;
  /** It takes much longer than in the hour before. */
  readonly slow?: { readonly share: string; readonly ms: number; readonly usualMs: number };
  readonly slowVersions: readonly { readonly version: string }[];
  /** False for a name that calls are made to, and nobody serves. */
  readonly isServed: boolean;
  /** How many are up. */
  readonly instances: number;
  readonly ejected: number;
  readonly versions: readonly { readonly version: string; readonly instances: number }[];
  readonly in: Golden;
  readonly out: Golden;
}

export interface GraphEdge extends Golden {
  readonly from: string;
  readonly to: string;
  readonly versions: readonly (Golden & { readonly version: string })[];
}

export interface Graph extends Span {
  /** Unix ms: what was before is not known. */
  readonly since: number;
  /** Of whom not all is kept. */
  readonly full: { readonly all: boolean; readonly services: readonly string[] };
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** The same as `Golden` over time: an item for each step. */
export interface Points {
  readonly rate: readonly number[];
  readonly failed: readonly number[];
  readonly p50: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
}
export type Charted = Golden & { readonly points: Points };

export const DIMENSIONS = ["version", "caller", "route", "instance", "callee"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export interface ServiceSignals extends Span {
  readonly service: string;
  readonly in: Charted;
  readonly out: Charted;
  readonly by: {
    readonly dimension: Dimension;
    readonly direction: "in" | "out";
    /** What policy did that is known of these rows. */
    readonly policy: readonly string[];
    readonly rows: readonly (Charted & { readonly name: string })[];
  };
  readonly instances: readonly {
    readonly instance: string;
    readonly inFlight: { readonly client: number; readonly server: number };
    readonly app?: { readonly running: number; readonly waiting: number; readonly limit?: number };
    readonly expiry?: { readonly jwt?: number; readonly leaf?: number };
  }[];
}

export interface Instance {
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  readonly zone?: string;
  readonly state: "up" | "down" | "left" | "silent";
  readonly startedAt: string;
  readonly lastSeen: string;
  readonly ejectedBy?: { readonly services: readonly string[]; readonly sidecars: number };
}
export interface Instances {
  readonly instances: readonly Instance[];
}

/** Of the mesh, on this machine; empty where the dashboard has none. */
export interface StateFolder {
  readonly folder?: string;
}

export interface Sidecars {
  readonly revision: number;
  readonly authority?: { readonly away?: { readonly since: string; readonly cause: string } };
  readonly sidecars: readonly {
    readonly service: string;
    readonly instance: string;
    readonly version: string;
    readonly role: "instance" | "caller";
    readonly policyRevision?: number;
    readonly lagging: boolean;
    readonly lastSeen: string;
  }[];
}

export interface RegistryHealth {
  readonly status: "ok" | "degraded";
  readonly settled: boolean;
  readonly startedAt: string;
  readonly broker: { readonly state: string; readonly since?: string; readonly cause?: string };
  readonly store: { readonly state: string; readonly since?: string; readonly cause?: string };
}

export interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: unknown;
}
export interface PolicyEntry {
  readonly createdAt: string;
  readonly revision: number;
  readonly resource: Resource;
}
export interface Policy {
  readonly revision: number;
  readonly at: string;
  readonly store: { readonly state: string; readonly cause?: string };
  readonly resources: readonly PolicyEntry[];
}
export interface Revision {
  readonly revision: number;
  readonly at: string;
  readonly by: string;
  readonly cause: string;
  readonly created: number;
  readonly configured: number;
  readonly deleted: number;
}
export interface History {
  readonly revisions: readonly Revision[];
}

/** When what an instance proves itself with was issued, and when it ends. Unix ms. */
export interface Lifetime {
  readonly service: string;
  readonly instance: string;
  readonly issuedAt: number;
  readonly jwtExpiresAt: number;
  readonly certExpiresAt: number;
}
export interface Expiring {
  readonly identities: readonly Lifetime[];
}
export interface Identity extends Lifetime {
  readonly version: string;
  readonly enrolledAt: number;
  readonly admittedBy: string;
  readonly address: string;
  readonly revokedAt?: number;
}
export interface Identities {
  readonly at: number;
  readonly identities: readonly Identity[];
}
