import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { redact } from "../../../sidecar/admin/redact.ts";
import type { AuditEntry } from "../../identity/records/audit.ts";
import { auditFolder, openLedger } from "../../identity/records/records.ts";
import { verifyAudit } from "../../identity/records/verify-audit.ts";
import { WEFT_VERSION } from "../../protocol/weft-version.ts";
import { findingsOf } from "../check/run-check.ts";
import { readUp } from "../up/record.ts";
import type { Source } from "./gather.ts";
import { machineFacts } from "./machine.ts";
import { tail } from "./tail.ts";
import { TREES, tracesOf } from "./traces.ts";

const AUDIT_ENTRIES = 500;
/** Of each page: what hangs would keep the program up. */
const WITHIN_MS = 8000;

/** What the registry tells everybody, and the file it goes into. */
const PAGES: readonly (readonly [name: string, path: string])[] = [
  ["health.json", "/v1/health"],
  ["services.json", "/v1/services"],
  ["instances.json", "/v1/instances"],
  ["sidecars.json", "/v1/sidecars"],
  ["policy.json", "/v1/policy"],
  ["policy-history.json", "/v1/policy/history"],
  ["signals.json", "/v1/graph?window=15m"],
  ["signals.prom", "/v1/metrics"],
];

export interface ReportOptions {
  /** An absolute path. */
  readonly state: string;
  /** URLs of admin listeners of sidecars. */
  readonly admins: readonly string[];
  /** Unix ms. */
  readonly now: number;
}

/** All that a report is made of; none of it needs any part of the mesh to be up but those that ask one. */
export function sourcesOf({ state, admins, now }: ReportOptions): Source[] {
  const file = (name: string, what: string): Source => ({
    ...{ name, what },
    read: () => tail(join(state, name)),
  });
  return [
    { name: "versions.json", what: "what runs, as weft up wrote it down", read: () => versions(state) },
    { name: "machine.json", what: "this machine", read: () => machineFacts(state) },
    { name: "check.json", what: "weft check", read: () => findingsOf(state, 0) },
    {
      name: "broker/nats-server.conf",
      what: "the broker's configuration",
      read: () => readFileSync(join(state, "broker", "nats-server.conf"), "utf8"),
    },
    file("broker/nats-server.log", "the broker's log, its end"),
    file("authority.log", "the authority's log, its end"),
    file("registry.log", "the registry's log, its end"),
    // A mesh can do without a dashboard.
    ...(existsSync(join(state, "dashboard.log"))
      ? [file("dashboard.log", "the dashboard's log, its end")]
      : []),
    ...PAGES.map(
      ([name, path]): Source => ({
        ...{ name: `registry/${name}`, what: `the registry's ${path}` },
        read: () => page(registryOf(state), path),
      }),
    ),
    {
      name: "registry/traces.json",
      what: `which traces are kept, and the newest ${TREES} failed and ${TREES} slow ones whole`,
      read: () => {
        const url = registryOf(state);
        return tracesOf((path) => page(url, path));
      },
    },
    {
      name: "identities.json",
      what: "who the authority let in",
      read: () => redact(openLedger(state).list(now)),
    },
    {
      name: "audit.json",
      what: `the audit log, its last ${AUDIT_ENTRIES} entries`,
      read: () => audit(state),
    },
    ...admins.flatMap((url, i) =>
      (["config", "metrics", "endpoints", "ready"] as const).map(
        (name): Source => ({
          name: `sidecars/${i + 1}/${name}${name === "metrics" ? ".prom" : ".json"}`,
          what: `${url}/${name}`,
          read: () => page(url, `/${name}`),
        }),
      ),
    ),
  ];
}

function versions(state: string): unknown {
  const up = readUp(state);
  return { weft: WEFT_VERSION, node: process.version, up: up ?? "no weft up runs from this state folder" };
}

function registryOf(state: string): string {
  const up = readUp(state);
  if (up === undefined) throw new Error("no weft up runs from this state folder");
  return up.registry.url;
}

/** JSON with the names of secrets redacted, or a text. Who is not ready answers 503, with the reasons. */
async function page(url: string, path: string): Promise<unknown> {
  const signal = AbortSignal.timeout(WITHIN_MS);
  const response = await fetch(`${url}${path}`, { redirect: "manual", signal }).catch((error: Error) => {
    const { code, message } = (error.cause ?? error) as NodeJS.ErrnoException;
    throw new Error(`${url} does not answer (${typeof code === "string" ? code : message})`);
  });
  const text = await response.text();
  if (!response.ok && path !== "/ready")
    throw new Error(`${url} answers ${response.status}: ${text.slice(0, 500)}`);
  return response.headers.get("content-type")?.includes("json") ? redact(JSON.parse(text)) : text;
}

function audit(state: string): unknown {
  const entries: AuditEntry[] = [];
  const verdict = verifyAudit(auditFolder(state), {
    visit(entry) {
      entries.push(entry);
      if (entries.length > AUDIT_ENTRIES) entries.shift();
    },
  });
  return { verdict, entries };
}
