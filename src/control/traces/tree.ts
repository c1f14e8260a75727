import type { Account } from "../explain/account.ts";

/** One account in a trace, where it belongs. */
export interface TraceRow extends Account {
  /** Of the row that led to it; absent at the top. */
  readonly parent?: number;
  readonly depth: number;
  /** After the beginning of the trace, in ms: clocks that differ are set right by what cannot have been otherwise. */
  readonly startMs: number;
  /** Instances that had a call of this row and tell nothing of it. */
  readonly silent?: string[];
}

interface Node {
  readonly account: Account;
  readonly children: Node[];
}

/**
 * Puts the accounts of one trace into a tree, each row after the one that led to it. Unless a trace is sampled its hops
 * share one span id, so what led to what is told by who asked whom: a callee's account belongs to the attempt that went
 * to its instance, and a call to whatever its own instance was serving then, of the same trace and by the same clock. A
 * mirror's copy belongs to the call that it is of, which the same sidecar made.
 */
export function treeOf(accounts: readonly Account[]): TraceRow[] {
  const nodes = [...accounts].sort((a, b) => a.at - b.at).map(nodeOf);
  const clients = nodes.filter(({ account }) => account.side === "client");
  const servers = nodes.filter(({ account }) => account.side === "server");
  /** Callee's accounts that each caller's has below it already, by instance. */
  const taken = new Map<Node, string[]>();
  const tops = new Set(nodes);
  const put = (child: Node, parent: Node | undefined): void => {
    if (parent === undefined) return;
    parent.children.push(child);
    tops.delete(child);
  };
  for (const server of servers) {
    const { instance } = server.account;
    const parent = likeliest(
      clients.filter(
        (client) => ledTo(client.account, server.account) && hasRoom(client, taken.get(client), instance),
      ),
      server.account,
    );
    put(server, parent);
    if (parent !== undefined) taken.set(parent, [...(taken.get(parent) ?? []), instance]);
  }
  for (const client of clients)
    put(client, copiedFrom(clients, client.account) ?? servedBy(servers, client.account));
  const roots = [...tops];
  const zero = roots[0]?.account.at ?? 0;
  const rows: TraceRow[] = [];
  for (const root of roots)
    addRows(rows, root, undefined, { startMs: root.account.at - zero, shiftMs: -zero });
  return rows;
}

const nodeOf = (account: Account): Node => ({ account, children: [] });

const ledTo = (client: Account, server: Account): boolean =>
  client.service === server.caller &&
  client.callee === server.service &&
  (client.mirrored ?? false) === (server.mirrored ?? false);

/** An attempt of which nobody said who had it may have been at any instance. */
function hasRoom({ account }: Node, taken: readonly string[] = [], instance: string): boolean {
  const asked = account.attempts.filter((one) => one.instance === instance || one.instance === "").length;
  return taken.filter((one) => one === instance).length < asked;
}

/** Of several calls at once: the one that asked for the same, of those that took long enough, the nearest in time. */
const likeliest = (clients: readonly Node[], server: Account): Node | undefined =>
  clients
    .map((node) => ({ node, odds: oddsAgainst(node.account, server) }))
    .sort((a, b) => a.odds - b.odds || distance(a.node, server) - distance(b.node, server))[0]?.node;

const distance = ({ account }: Node, { at }: Account): number => Math.abs(account.at - at);

/** A route may rewrite the path, and a callee may go on after its caller gave up: so neither rules a call out. */
function oddsAgainst(client: Account, { method, path, instance, ms }: Account): number {
  const asksElse = client.method !== method || client.path !== path;
  const isTooShort = !client.attempts.some(
    (one) => one.ms >= ms && (one.instance === instance || one.instance === ""),
  );
  return (asksElse ? 2 : 0) + (isTooShort ? 1 : 0);
}

/** Of one instance, so of one clock. The one that began last, of those under way then if there are any. */
function servedBy(servers: readonly Node[], { service, instance, at }: Account): Node | undefined {
  const before = servers.filter(
    ({ account }) => account.service === service && account.instance === instance && account.at <= at,
  );
  return before.findLast(({ account }) => at <= account.at + account.ms) ?? before.at(-1);
}

/**
 * The call that a copy is of: one that its sidecar made before, by the same rule of a route if there is one, that asked
 * for the same if there is one, and of those the one that began last. Undefined for what is no copy.
 */
function copiedFrom(clients: readonly Node[], copy: Account): Node | undefined {
  if (!copy.mirrored) return undefined;
  const before = clients.filter(
    ({ account: { service, instance, at, mirrored } }) =>
      !mirrored && service === copy.service && instance === copy.instance && at <= copy.at,
  );
  const alike = (...fields: (keyof Account)[]): Node | undefined =>
    before.findLast(({ account }) => fields.every((field) => account[field] === copy[field]));
  return alike("route", "rule", "method", "path") ?? alike("route", "rule") ?? before.at(-1);
}

interface Place {
  readonly startMs: number;
  /** From a time of the teller to ms after the beginning of the trace. */
  readonly shiftMs: number;
}

function addRows(
  rows: TraceRow[],
  node: Node,
  parent: number | undefined,
  { startMs, shiftMs }: Place,
): void {
  const { account, children } = node;
  const index = rows.length;
  const depth = parent === undefined ? 0 : rows[parent]!.depth + 1;
  const silent = silentOf(node);
  rows.push({
    ...account,
    ...(parent === undefined ? {} : { parent }),
    ...{ depth, startMs: Math.max(0, rounded(startMs)) },
    ...(silent.length === 0 ? {} : { silent }),
  });
  const inOrder = children.sort((a, b) => a.account.at - b.account.at);
  for (const child of inOrder) {
    const plain = child.account.at + shiftMs;
    const placed =
      child.account.side === "server" ? within(plain, child.account.ms, startMs, account.ms) : plain;
    addRows(rows, child, index, { startMs: placed, shiftMs: placed - child.account.at });
  }
}

/** What a callee did lies within the call: when its clock says otherwise, the middle is the best guess (as Jaeger has it). */
function within(at: number, ms: number, from: number, forMs: number): number {
  if (at >= from && at + ms <= from + forMs) return at;
  return ms > forMs ? from : from + (forMs - ms) / 2;
}

/** Those that answered, or have it, and of which there is no account. Hosts outside the mesh have none to give. */
function silentOf({ account, children }: Node): string[] {
  if (account.side === "server" || account.callee.startsWith("egress:")) return [];
  const asked = account.attempts.map(({ instance }) => instance).filter((instance) => instance !== "");
  // A copy of the call is below it as well, and told by its caller.
  const told = children.filter((child) => child.account.side === "server");
  const heard = new Set(told.map((child) => child.account.instance));
  return [...new Set(asked)].filter((instance) => !heard.has(instance));
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;
