import type { Bus, Message, Subscription } from "../bus/bus.ts";
import type { Subject, Subjects } from "../subjects/subjects.ts";
import type { Catalog } from "./catalog.ts";
import type { Clock } from "./clock.ts";
import type { Drops } from "./drops.ts";
import type { KnownInstance } from "./known-service.ts";
import { REPLICAS } from "./registry.ts";
import { semver } from "./semver.ts";

const EVERY_QUESTION = "$SRV.>" as Subject;
/** The only place for answers: the registry is nobody's deputy on the mesh's own subjects. */
const INBOX = /^_INBOX\.[A-Za-z0-9_.-]{1,200}$/;
/** One question makes an answer for each instance, so questions are limited. */
const QUESTIONS_PER_S = 50;
/** Answers written in one turn of the event loop. */
const SLICE = 256;
const NS_PER_MS = 1e6;

const VERBS = { PING: ping, INFO: info, STATS: stats } as const;
type Verb = keyof typeof VERBS;

export interface DiscoveryDeps {
  readonly bus: Bus;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly drops: Drops;
  readonly subjects: Subjects;
}

/**
 * Answers NATS service discovery (ADR-32) for every instance that is up, so that `nats micro ls` and the like see the
 * mesh: `$SRV.PING|INFO|STATS[.<service>[.<instance>]]`, one answer for each instance.
 */
export function answerDiscovery({ bus, catalog, clock, drops, subjects }: DiscoveryDeps): Subscription {
  let allowance = QUESTIONS_PER_S;
  let reckonedAt = clock.now();
  const allowed = (): boolean => {
    const now = clock.now();
    allowance = Math.min(QUESTIONS_PER_S, allowance + ((now - reckonedAt) / 1000) * QUESTIONS_PER_S);
    reckonedAt = now;
    if (allowance < 1) return false;
    allowance -= 1;
    return true;
  };

  return bus.subscribe(EVERY_QUESTION, REPLICAS, ({ subject, reply }: Message) => {
    const found = asked(catalog, subject);
    if (found === undefined) return;
    if (!INBOX.test(reply)) {
      drops.count("reply-foreign", subject);
      return;
    }
    if (!allowed()) {
      drops.count("discovery-busy", subject);
      return;
    }
    const answer = VERBS[found.verb];
    sendSliced(found.instances, (instance) =>
      bus.send(reply as Subject, Buffer.from(JSON.stringify(answer(instance, subjects)))),
    );
  });
}

function asked(catalog: Catalog, subject: string): { verb: Verb; instances: KnownInstance[] } | undefined {
  const [, verb, name, id, ...more] = subject.split(".");
  if (verb === undefined || !Object.hasOwn(VERBS, verb) || more.length > 0) return undefined;
  const services = name === undefined ? [...catalog.services.values()] : [catalog.services.get(name)];
  const instances: KnownInstance[] = [];
  for (const service of services)
    for (const instance of service?.instances.values() ?? [])
      if (instance.state === "up" && (id === undefined || instance.row.instance === id))
        instances.push(instance);
  return { verb: verb as Verb, instances };
}

/** Lets other work in between, because a mesh may have thousands of instances. */
function sendSliced(instances: KnownInstance[], send: (instance: KnownInstance) => void): void {
  for (const instance of instances.slice(0, SLICE)) send(instance);
  if (instances.length > SLICE) setImmediate(() => sendSliced(instances.slice(SLICE), send));
}

/** ADR-32, "Standard Field". */
function standard(type: string, { row }: KnownInstance) {
  return {
    type: `io.nats.micro.v1.${type}_response`,
    name: row.service,
    id: row.instance,
    version: semver(row.version),
    metadata: {
      "weft.instance": row.instance,
      "weft.version": row.version,
      ...(row.zone === undefined ? {} : { "weft.zone": row.zone }),
    },
  };
}

/** What an instance subscribes to, under the one name that all our endpoints have. */
function endpoint({ row }: KnownInstance, subjects: Subjects) {
  return {
    name: "http",
    subject: subjects.inbound(row.service, { kind: "version", version: row.version }),
    queue_group: row.service,
  };
}

function ping(instance: KnownInstance) {
  return standard("ping", instance);
}

function info(instance: KnownInstance, subjects: Subjects) {
  return {
    ...standard("info", instance),
    description: `${instance.row.service}, version ${instance.row.version}, an HTTP service in the mesh ${subjects.mesh}`,
    endpoints: [{ ...endpoint(instance, subjects), metadata: {} }],
  };
}

function stats(instance: KnownInstance, subjects: Subjects) {
  const { calls, errors, busyMs } = instance.stats ?? { calls: 0, errors: 0, busyMs: 0 };
  const busyNs = Math.round(busyMs * NS_PER_MS);
  return {
    ...standard("stats", instance),
    endpoints: [
      {
        ...endpoint(instance, subjects),
        num_requests: calls,
        num_errors: errors,
        last_error: "",
        processing_time: busyNs,
        average_processing_time: calls === 0 ? 0 : Math.trunc(busyNs / calls),
      },
    ],
    started: new Date(instance.row.startedAt).toISOString(),
  };
}
