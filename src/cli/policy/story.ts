import type { Account, AccountAttempt } from "../../control/explain/account.ts";
import { isCode, meaningOf } from "../../protocol/code.ts";
import { msText } from "../../protocol/duration.ts";
import { table } from "../terminal.ts";
import { printable } from "./report.ts";

/** Also the way of a `weft call` without --via, whose sidecar ends with it. */
const NOT_TOLD = "whose sidecar tells nothing: it has ended, or forgotten the call";

/**
 * The accounts of one request as a story: each call as its caller saw it, and below it what happened at the callee.
 * A request that goes on through several services, with the same id, is several calls.
 */
export function storyOf(accounts: readonly Account[]): string {
  const inTime = [...accounts].sort((a, b) => a.at - b.at);
  const servers = new Set(inTime.filter(({ side }) => side === "server"));
  const parts: string[] = [];
  for (const call of inTime.filter(({ side }) => side === "client")) {
    const below = call.attempts.flatMap(({ instance }) => {
      const one = [...servers].find(
        (server) => server.caller === call.service && server.instance === instance,
      );
      return one !== undefined && servers.delete(one) ? [one] : [];
    });
    parts.push([...callerSide(call), ...below.flatMap(calleeSide), ...ending(call)].join("\n"));
  }
  for (const one of servers)
    parts.push(
      [title(one), ...field("caller", `${one.caller}, ${NOT_TOLD}`), ...calleeSide(one), ...ending(one)].join(
        "\n",
      ),
    );
  return `${parts.map(printableLines).join("\n\n")}\n`;
}

const printableLines = (text: string): string => text.split("\n").map(printable).join("\n");

const title = ({ method, path, caller, callee, at, mirrored }: Account): string =>
  `${method} ${path} of ${caller} to ${callee}, ${new Date(at).toISOString()}${mirrored ? " (a mirror's copy)" : ""}`;

function callerSide(call: Account): string[] {
  const { service, instance, route, rule, why, backend, injected, attempts } = call;
  return [
    title(call),
    ...field("caller", `${service}, instance ${instance}`),
    ...field("route", route === undefined ? "none" : `HTTPRoute ${route}`),
    ...field("rule", rule),
    ...field("why", why),
    ...field("sent to", backend),
    ...field("injected", injected),
    ...field("access", call.access),
    ...policyLines(call),
    ...attemptLines(attempts),
  ];
}

/** What policy did with it besides, such as `parked`, and for how long. */
const policyLines = ({ marks, waitedMs }: Account): string[] => [
  ...field("policy", marks),
  ...field("waited", waitedMs === undefined ? undefined : msText(waitedMs)),
];

const field = (name: string, text: string | undefined): string[] =>
  text === undefined || text === "" ? [] : [`  ${`${name}:`.padEnd(10)}${text}`];

function attemptLines(attempts: readonly AccountAttempt[]): string[] {
  if (attempts.length === 0) return ["  no attempt was made"];
  const rows = attempts.map(({ instance, code, status, ms }, i) => [
    `attempt ${i + 1}`,
    instance === "" ? "no instance" : `instance ${instance}`,
    result(status, code),
    msText(ms),
  ]);
  return table(rows)
    .split("\n")
    .map((line) => `  ${line}`);
}

const calleeSide = (one: Account): string[] => [
  ...field("callee", `${one.service}, instance ${one.instance}: ${outcome(one)}`),
  ...field("injected", one.injected),
  ...field("access", one.access),
  ...policyLines(one),
];

const result = (status: number, code: string): string =>
  [status === 0 ? "" : String(status), code].filter(Boolean).join(" ") || "no answer yet";

const outcome = ({ status, code, ms, underWay }: Account): string =>
  underWay ? `still under way after ${msText(ms)}` : `${result(status, code)} after ${msText(ms)}`;

function ending(account: Account): string[] {
  const { code, message, underWay } = account;
  const end = [...field(underWay ? "now" : "ended", outcome(account)), ...field("message", message)];
  if (!isCode(code)) return end;
  const { cause, cure } = meaningOf(code);
  return [...end, ...field("cause", cause), ...field("cure", cure)];
}
