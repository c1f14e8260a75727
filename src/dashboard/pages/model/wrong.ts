import type {
  Expiring,
  Graph,
  GraphEdge,
  GraphNode,
  Instances,
  Policy,
  RegistryHealth,
  Sidecars,
} from "../data/answers.ts";
import { countOf, rateText, shareText, spanText } from "./format.ts";
import { endingOf } from "./lifetime.ts";
import { DEGRADED_BELOW, FAILING_BELOW } from "./sign.ts";
import { tracesHref } from "./trace-filter.ts";
import { askersOf } from "./unserved.ts";

/** One thing that is wrong, as a sentence for who is on call. */
export interface Wrong {
  /** Stays the same while it is wrong. */
  readonly key: string;
  readonly tone: "bad" | "fair";
  /** What it is about, in front of the sentence. */
  readonly subject: string;
  readonly sentence: string;
  /** Page of the dashboard that shows more. */
  readonly href: string;
  /** Page of traces in which it is seen. */
  readonly traces?: string;
  /** Keys of what it most likely comes from. */
  readonly causes?: readonly string[];
}

/** What is known; what could not be had is left out. */
export interface Known {
  /** When the registry answered last, in Unix ms, where it does not any more. */
  readonly silentSince?: number | undefined;
  readonly graph?: Graph | undefined;
  readonly instances?: Instances | undefined;
  readonly sidecars?: Sidecars | undefined;
  readonly health?: RegistryHealth | undefined;
  readonly policy?: Policy | undefined;
  readonly expiring?: Expiring | undefined;
}

/** Everything that is wrong, the worst first, but causes before what comes from them. @param now Unix ms */
export function whatIsWrong(known: Known, now: number): Wrong[] {
  const found = [
    ...ofParts(known, now),
    ...ofAuthority(known, now),
    ...ofServices(known),
    ...ofNames(known),
    ...ofInstances(known, now),
    ...ofSidecars(known),
    ...ofIdentities(known, now),
  ];
  return causesFirst(found.sort((a, b) => Number(b.tone === "bad") - Number(a.tone === "bad")));
}

function causesFirst(all: readonly Wrong[]): Wrong[] {
  const byKey = new Map(all.map((one) => [one.key, one]));
  // Each once, also where causes go in a circle.
  const placed = new Set<Wrong>();
  const ordered: Wrong[] = [];
  const place = (one: Wrong | undefined) => {
    if (one === undefined || placed.has(one)) return;
    placed.add(one);
    for (const key of one.causes ?? []) place(byKey.get(key));
    ordered.push(one);
  };
  for (const one of all) place(one);
  return ordered;
}

const page = (service: string): string => `/services/${encodeURIComponent(service)}`;

function* ofParts({ silentSince, health, policy }: Known, now: number): Generator<Wrong> {
  if (silentSince !== undefined)
    yield {
      ...{ key: "registry", tone: "bad", subject: "registry", href: "/" },
      sentence: `It has not answered for ${spanText(now - silentSince)}: all else here is what was known then; traffic may go on. Ask weft check.`,
    };
  if (health && health.broker.state !== "connected")
    yield {
      ...{ key: "broker", tone: "bad", subject: "broker", href: "/" },
      sentence: `The registry has no connection to the broker${because(health.broker.cause)}. What is shown of instances is old; traffic may go on.`,
    };
  if (health?.store.state === "away")
    yield {
      ...{ key: "store", tone: "fair", subject: "registry", href: "/" },
      sentence: `Its store does not answer${because(health.store.cause)}: what it learns now is lost with it.`,
    };
  if (policy && (policy.store.state === "away" || policy.store.state === "broken"))
    yield {
      ...{ key: "policy-store", tone: "fair", subject: "policy", href: "/policy" },
      sentence: `Its store is ${policy.store.state}${because(policy.store.cause)}: what is in force stays, and nothing can be changed.`,
    };
}

function* ofAuthority({ sidecars }: Known, now: number): Generator<Wrong> {
  const away = sidecars?.authority?.away;
  if (away === undefined) return;
  yield {
    ...{ key: "authority", tone: "bad", subject: "authority", href: "/identities" },
    sentence: `It has not answered the registry for ${spanText(now - Date.parse(away.since))}${because(away.cause)}. Calls go on; nobody new joins, and identities are not renewed.`,
  };
}

const because = (cause: string | undefined): string => (cause === undefined ? "" : ` (${cause})`);

function* ofServices({ graph }: Known): Generator<Wrong> {
  if (graph === undefined) return;
  const told = new Set<string>();
  for (const node of graph.nodes) {
    if (node.health === "ok" || node.health === "idle") continue;
    if (!node.isServed) {
      told.add(node.service);
      continue;
    }
    const { service } = node;
    const fails = node.in.success !== null && node.in.success < DEGRADED_BELOW;
    const isSlow = node.slow !== undefined || node.slowVersions.length > 0;
    // Sick instances and ejections are told one by one.
    if (node.health === "degraded" && !fails && !isSlow) continue;
    if (fails) told.add(service);
    const causes = culprits(graph, node);
    yield {
      ...{ key: keyOf(service), subject: service, href: page(service) },
      tone: node.health === "degraded" ? "fair" : "bad",
      ...(fails || isSlow ? { traces: tracesHref({ kind: fails ? "failed" : "slow", service }) } : {}),
      sentence: `${upper(node.why ?? node.health)}${fails ? sufferers(graph, node) : ""}${lookFirst(causes)}.`,
      causes: causes.map(({ service }) => keyOf(service)),
    };
  }
  for (const edge of graph.edges) {
    const { success, from, to } = edge;
    if (success === null || success >= DEGRADED_BELOW || told.has(to)) continue;
    yield {
      ...{ key: `edge ${from} ${to}`, subject: `${from} → ${to}`, href: page(to) },
      tone: success < FAILING_BELOW ? "bad" : "fair",
      traces: tracesHref({ kind: "failed", service: to, caller: from }),
      sentence: `${shareText(1 - success)} of these calls fail${mostly(edge)} (${rateText(edge.rate)} in all); ${to} itself is well.`,
    };
  }
}

/** One sentence for each caller: names can be made up without end. */
function* ofNames({ graph }: Known): Generator<Wrong> {
  for (const { caller, names, andMore, rate } of graph ? askersOf(graph) : []) {
    const isOne = names.length === 1 && !andMore;
    const others = andMore || names.length > 3 ? ["others"] : [];
    const such = [names.slice(0, 3).join(", "), ...others].filter((part) => part !== "").join(" and ");
    yield {
      ...{ key: `unserved ${caller}`, tone: "bad", subject: caller, href: page(caller) },
      traces: tracesHref({ kind: "failed", caller }),
      sentence: `It calls ${isOne ? `${such}, which nobody serves` : `names that nobody serves: ${such}`} (${rateText(rate)}). Is the service down for long, or the name mistyped?`,
    };
  }
  const { all = false, services = [] } = graph?.full ?? {};
  if (all || services.length > 0)
    yield {
      ...{ key: "full", tone: "fair", subject: "registry", href: "/" },
      sentence: `It keeps no more edges${all ? "" : ` of ${services.slice(0, 3).join(", ")}${services.length > 3 ? " and others" : ""}`}: they report more than there is room for, and some of their calls are not shown.`,
    };
}

const keyOf = (service: string): string => `service ${service}`;

/** Who calls it, and sees it. */
function sufferers({ edges }: Graph, { service }: GraphNode): string {
  const callers = edges.filter(
    ({ to, success }) => to === service && success !== null && success < DEGRADED_BELOW,
  );
  if (callers.length === 0) return "";
  const names = callers.sort((a, b) => b.rate - a.rate).map(({ from }) => from);
  return `; seen by ${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""}`;
}

interface Culprit {
  readonly service: string;
  readonly what: "fails" | "is slow";
}

/** What it calls itself, and fails or is slow: then that is where to look first. */
function culprits({ nodes, edges }: Graph, { service }: GraphNode): Culprit[] {
  const slow = new Set(nodes.filter((node) => node.slow || node.slowVersions.length > 0).map(nameOf));
  return edges.flatMap(({ from, to, success }): Culprit[] => {
    if (from !== service || to === service) return [];
    if (success !== null && success < DEGRADED_BELOW) return [{ service: to, what: "fails" }];
    return slow.has(to) ? [{ service: to, what: "is slow" }] : [];
  });
}

const nameOf = ({ service }: GraphNode): string => service;

function lookFirst(causes: readonly Culprit[]): string {
  const told = (["fails", "is slow"] as const).flatMap((what) => {
    const names = causes.filter((one) => one.what === what).map(({ service }) => service);
    return names.length === 0 ? [] : [`as that ${what} too: ${names.join(", ")}`];
  });
  return told.length === 0 ? "" : `. Look first at what it calls, ${told.join("; ")}`;
}

function mostly({ codes, statuses }: GraphEdge): string {
  const ownCode = Object.values(codes).reduce((sum, count) => sum + count, 0);
  const all = [...Object.entries(codes), ["5xx", statuses["5xx"] - ownCode] as const];
  const [name, count] = all.sort(([, a], [, b]) => b - a)[0]!;
  return count > 0 ? `, mostly ${name}` : "";
}

function* ofInstances({ instances }: Known, now: number): Generator<Wrong> {
  for (const { service, instance, version, state, lastSeen, ejectedBy } of instances?.instances ?? []) {
    const about = { subject: `${service} v${version}`, href: page(service) };
    if (state === "silent")
      yield {
        ...{ key: `silent ${service} ${instance}`, tone: "bad", ...about },
        sentence: `Instance ${instance} is silent for ${spanText(now - Date.parse(lastSeen))}: it died, or is cut off from the broker.`,
      };
    if (state === "down")
      yield {
        ...{ key: `down ${service} ${instance}`, tone: "bad", ...about },
        sentence: `The sidecar of instance ${instance} is there, but its app is not healthy.`,
      };
    if (ejectedBy !== undefined)
      yield {
        ...{ key: `ejected ${service} ${instance}`, tone: "fair", ...about },
        sentence: `Instance ${instance} is ejected by ${countOf(ejectedBy.sidecars, "sidecar")} of ${ejectedBy.services.join(", ")}: it failed too often in a row.`,
      };
  }
}

function* ofSidecars({ sidecars }: Known): Generator<Wrong> {
  const lagging = (sidecars?.sidecars ?? []).filter((one) => one.lagging);
  if (lagging.length === 0) return;
  const names = lagging.slice(0, 3).map(({ service, instance }) => `${service} ${instance}`);
  const more = lagging.length > names.length ? ` and ${lagging.length - names.length} more` : "";
  yield {
    ...{ key: "lagging", tone: "fair", subject: "policy", href: "/policy" },
    sentence: `${countOf(lagging.length, "sidecar does", "sidecars do")} not run revision ${sidecars?.revision} yet: ${names.join(", ")}${more}.`,
  };
}

function* ofIdentities({ expiring, instances, sidecars }: Known, now: number): Generator<Wrong> {
  // Who ended without a word keeps an entry until it expires: only those that are still there matter.
  const here = new Set([
    ...(instances?.instances ?? [])
      .filter(({ state }) => state === "up" || state === "down")
      .map(({ service, instance }) => `${service} ${instance}`),
    ...(sidecars?.sidecars ?? []).map(({ service, instance }) => `${service} ${instance}`),
  ]);
  for (const one of expiring?.identities ?? []) {
    const { service, instance } = one;
    const { tone, what, endsAt } = endingOf(one, now);
    if (tone === "ok" || !here.has(`${service} ${instance}`)) continue;
    yield {
      ...{ key: `expiring ${service} ${instance}`, tone, subject: service, href: "/identities" },
      sentence: `The ${what} of instance ${instance} ${endsAt > now ? `ends in ${spanText(endsAt - now)}` : "has ended"} and was not renewed: is the authority up?`,
    };
  }
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
