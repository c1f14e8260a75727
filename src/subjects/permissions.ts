import { repliesFrom, repliesTo } from "./reply.ts";
import { registry, type Subjects } from "./subjects.ts";
import { serviceName } from "./token.ts";

/** What a NATS user may publish and subscribe to. An entry `"subject queue"` allows that queue group only. */
export interface Permissions {
  readonly pub: readonly string[];
  readonly sub: readonly string[];
}

export interface SidecarName {
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  /** The services that it may call; every service when absent. */
  readonly callees?: readonly string[];
}

/**
 * Exactly what one sidecar needs. Never `allow_responses` (a responder could then publish as anybody), never
 * JetStream, KV or `$SYS` (a server-side replier answers to any reply subject); version subjects are queue-only, so
 * that nobody can copy a service's calls silently.
 */
export function sidecarPermissions(subjects: Subjects, who: SidecarName): Permissions {
  const service = serviceName(who.service);
  const own = (target: Parameters<Subjects["inbound"]>[1]) => subjects.inbound(service, target);
  const callees = who.callees?.map((callee) => subjects.sentBy(service, callee)) ?? [
    subjects.sentBy(service),
  ];
  return {
    pub: [
      ...callees,
      repliesFrom(service),
      registry.heartbeat(service, who.instance),
      registry.gotBy(service),
    ],
    sub: [
      `${own({ kind: "version", version: who.version })} ${service}`,
      `${own({ kind: "any" })} ${service}`,
      own({ kind: "instance", instance: who.instance }),
      repliesTo(service, who.instance),
      registry.everyEvent,
    ],
  };
}

/**
 * The registry hears every heartbeat, answers snapshots and service discovery (ADR-32). A discovery client listens on
 * an inbox of its own, `_INBOX.…`, which no sidecar can subscribe to.
 */
export const registryPermissions = (): Permissions => ({
  pub: ["reg.ev.>", repliesFrom("registry"), "_INBOX.>"],
  sub: [registry.everyHeartbeat, registry.everyGet, "$SRV.>"],
});

/** A person or tool that looks at the mesh: discovery and events, no calls. */
export const observerPermissions = (): Permissions => ({
  pub: ["$SRV.>"],
  sub: ["_INBOX.>", registry.everyEvent],
});
