import type { Peers } from "./callee-table.ts";
import { repliesFrom, repliesTo } from "./reply.ts";
import { registry, type Subjects } from "./subjects.ts";
import { serviceName, token } from "./token.ts";

/** What a NATS user may publish and subscribe to. An entry `"subject queue"` allows that queue group only. */
export interface Permissions {
  readonly pub: readonly string[];
  /** Goes before `pub`. */
  readonly pubDeny?: readonly string[];
  readonly sub: readonly string[];
}

export interface SidecarName {
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  /** The services that it may call; every service when absent. */
  readonly callees?: Peers;
  /** The services that it may answer, so whose inboxes it can fill; every service when absent. */
  readonly callers?: Peers;
}

/**
 * Exactly what one sidecar needs. Never `allow_responses` (a responder could then publish as anybody), never
 * JetStream, KV or `$SYS` (a server-side replier answers to any reply subject); version subjects are queue-only, so
 * that nobody can copy a service's calls silently.
 */
export function sidecarPermissions(subjects: Subjects, who: SidecarName): Permissions {
  const service = serviceName(who.service);
  const own = (target: Parameters<Subjects["inbound"]>[1]) => subjects.inbound(service, target);
  const { callees = {}, callers = {} } = who;
  const to = (callee: string) => subjects.sentBy(service, callee);
  const answer = (caller: string) => repliesFrom(service, caller);
  const pubDeny = [...(callees.not ?? []).map(to), ...(callers.not ?? []).map(answer)];
  return {
    pub: [
      ...(callees.only?.map(to) ?? [subjects.sentBy(service)]),
      ...(callers.only?.map(answer) ?? [repliesFrom(service)]),
      registry.heartbeat(service, who.instance),
      registry.signals(service, who.instance),
      registry.tapsBy(service, who.instance),
      registry.gotBy(service),
    ],
    ...(pubDeny.length === 0 ? {} : { pubDeny }),
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
 * The registry hears every heartbeat and every report of signals, answers snapshots and service discovery (ADR-32), and
 * asks the broker what it counts of the mesh's account. A discovery client listens on an inbox of its own, `_INBOX.…`, which no sidecar can subscribe to.
 */
export const registryPermissions = (): Permissions => ({
  pub: ["reg.ev.>", repliesFrom("registry"), "_INBOX.>", registry.accountStats],
  sub: [
    registry.everyHeartbeat,
    registry.everySignals,
    registry.everyGet,
    registry.everyBrokerAnswer,
    "$SRV.>",
  ],
});

/** A person or tool that looks at the mesh: discovery and events, no calls. */
export const observerPermissions = (): Permissions => ({
  pub: ["$SRV.>"],
  sub: ["_INBOX.>", registry.everyEvent],
});

/**
 * Who hears one tap of one service, and says nothing: an empty list of what may be published would mean everything to
 * the broker.
 */
export const tapPermissions = (id: string, service: string): Permissions => ({
  pub: [],
  pubDeny: [">"],
  sub: [registry.everyTapped(id, serviceName(service))],
});

/**
 * The registry's store: its two KV buckets, made when there are none, and nothing else of JetStream. Another bucket,
 * a mirror of these, a snapshot or their removal is refused by the broker.
 */
export const storePermissions = (mesh: string): Permissions => ({
  pub: ["$JS.API.INFO", ...storeBuckets(mesh).flatMap(bucketSubjects)],
  sub: ["_INBOX.>"],
});

const storeBuckets = (mesh: string): string[] => [`${token("mesh", mesh)}-registry`, `${mesh}-policy`];

function bucketSubjects(bucket: string): string[] {
  const stream = `KV_${bucket}`;
  const api = ["STREAM.INFO", "STREAM.CREATE", "STREAM.MSG.GET"].map((verb) => `$JS.API.${verb}.${stream}`);
  return [
    ...api,
    // A watch is an ordered consumer. The client deletes it, and asks for flow control, when it makes it anew after a gap.
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.DELETE.${stream}.*`,
    `$JS.FC.${stream}.>`,
    `$KV.${bucket}.>`,
  ];
}

/** Who works with the whole cluster: tells its servers an account's new JWT, asks who they are and who is connected. */
export const systemPermissions = (): Permissions => ({
  pub: ["$SYS.REQ.CLAIMS.UPDATE", "$SYS.REQ.SERVER.PING", "$SYS.REQ.SERVER.PING.CONNZ"],
  sub: ["_INBOX.>"],
});
