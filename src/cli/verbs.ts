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
  call: { summary: "call a service, with the habits of curl", load: () => import("./verbs/call.ts") },
  get: { summary: "list services or instances", load: () => import("./verbs/get.ts") },
  token: { summary: "make a one-time token for a new instance", load: () => import("./verbs/token.ts") },
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
