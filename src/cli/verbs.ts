import type { Command } from "commander";

export interface Verb {
  readonly summary: string;
  /** `define` gives the command its flags and its action, or makes another of the same name. */
  readonly load: () => Promise<{ define(command: Command): Command }>;
}

/** In the order of the help. */
export const VERBS: Readonly<Record<string, Verb>> = {
  up: { summary: "start the broker, the authority and the registry", load: () => import("./verbs/up.ts") },
  run: { summary: "run a command as a service of the mesh", load: () => import("./verbs/run.ts") },
  sidecar: {
    summary: "start the sidecar of a service that runs elsewhere, or of a pure caller",
    load: () => import("./verbs/sidecar.ts"),
  },
  gateway: {
    summary: "let requests from outside in, by host and path to services",
    load: () => import("./verbs/gateway.ts"),
  },
  call: { summary: "call a service, with the habits of curl", load: () => import("./verbs/call.ts") },
  get: {
    summary: "list services, instances, routes, policies or sidecars",
    load: () => import("./verbs/get.ts"),
  },
  stat: {
    summary: "show how the calls to each service go",
    load: () => import("./verbs/stat.ts"),
  },
  edges: { summary: "show who calls whom, and how that goes", load: () => import("./verbs/edges.ts") },
  top: { summary: "show the mesh live", load: () => import("./verbs/top.ts") },
  traces: {
    summary: "list traces that failed, were slow, or are recent",
    load: () => import("./verbs/traces.ts"),
  },
  trace: { summary: "show one trace as a waterfall", load: () => import("./verbs/trace.ts") },
  grafana: {
    summary: "write dashboards and alerts for Grafana and Prometheus",
    load: () => import("./verbs/grafana.ts"),
  },
  apply: { summary: "put routes and policies into force", load: () => import("./verbs/apply.ts") },
  delete: { summary: "take routes and policies out of force", load: () => import("./verbs/delete.ts") },
  analyze: {
    summary: "look for mistakes in policy files, or in what is in force",
    load: () => import("./verbs/analyze.ts"),
  },
  history: { summary: "list the changes of the policy", load: () => import("./verbs/history.ts") },
  rollback: { summary: "put the policy back as it was", load: () => import("./verbs/rollback.ts") },
  explain: { summary: "tell what became of a call, and why", load: () => import("./verbs/explain.ts") },
  tap: { summary: "listen to the calls of a service, live", load: () => import("./verbs/tap.ts") },
  authz: {
    summary: "list who may call a service, and by which rule",
    load: () => import("./verbs/authz.ts"),
  },
  "can-i": {
    summary: "tell whether a service may make a call, and by which rule",
    load: () => import("./verbs/can-i.ts"),
  },
  schema: {
    summary: "print the JSON Schema or the reference of policy files",
    load: () => import("./verbs/schema.ts"),
  },
  dashboard: {
    summary: "tell where the dashboard is, or serve one",
    load: () => import("./verbs/dashboard.ts"),
  },
  token: { summary: "make a one-time token for a new instance", load: () => import("./verbs/token.ts") },
  identities: {
    summary: "list who the authority has let in",
    load: () => import("./verbs/identities.ts"),
  },
  revoke: {
    summary: "cut an instance or a service off, for good",
    load: () => import("./verbs/revoke.ts"),
  },
  audit: {
    summary: "check or print the authority's audit log",
    load: () => import("./verbs/audit.ts"),
  },
  check: {
    summary: "look whether the mesh is well, and what ends soon",
    load: () => import("./verbs/check.ts"),
  },
  "bug-report": {
    summary: "gather all that tells how the mesh is, without secrets, in one file",
    load: () => import("./verbs/bug-report.ts"),
  },
  rotate: {
    summary: "replace the CA, the signing key or the operator, while the mesh runs",
    load: () => import("./verbs/rotate.ts"),
  },
  broker: {
    summary: "print the configuration for a nats-server of your own",
    load: () => import("./verbs/broker.ts"),
  },
  bench: { summary: "measure the mesh beside other ways", load: () => import("./verbs/bench.ts") },
  demo: { summary: "see it all work, on a small shop", load: () => import("./verbs/demo.ts") },
  authority: {
    summary: "the authority alone: grants identities (weft up starts it)",
    load: () => import("./verbs/authority.ts"),
  },
  registry: {
    summary: "the registry alone: tracks instances (weft up starts it)",
    load: () => import("./verbs/registry.ts"),
  },
};
