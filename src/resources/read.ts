import { type Finding, finding } from "./finding.ts";
import { deepFreeze } from "./freeze.ts";
import { type HttpRoute, httpRoute } from "./http-route.ts";
import { findingsOf } from "./issue-findings.ts";
import { measure } from "./measure.ts";
import { type MeshPolicy, meshPolicy } from "./mesh-policy.ts";
import { regexFindings } from "./regex.ts";
import { isObject } from "./rule.ts";
import { type ServicePolicy, servicePolicy } from "./service-policy.ts";
import { cut, nearest, shown } from "./words.ts";

/** A value of one of the kinds, checked, with all defaults in it, deeply frozen. */
export type Resource = HttpRoute | ServicePolicy | MeshPolicy;
export type Kind = Resource["kind"];

const SCHEMAS = { HTTPRoute: httpRoute, ServicePolicy: servicePolicy, MeshPolicy: meshPolicy } as const;
export const KINDS = Object.keys(SCHEMAS) as readonly Kind[];
export const isKind = (value: unknown): value is Kind =>
  typeof value === "string" && Object.hasOwn(SCHEMAS, value);

/** The other kinds of the Gateway API, the experimental ones too. */
const NOT_CARRIED: readonly string[] = [
  "BackendTLSPolicy",
  "Gateway",
  "GatewayClass",
  "GRPCRoute",
  "ListenerSet",
  "ReferenceGrant",
  "TCPRoute",
  "TLSRoute",
  "UDPRoute",
  "XBackend",
  "XBackendTrafficPolicy",
  "XListenerSet",
  "XMesh",
];

/** More findings than this about one document help nobody; a last one says how many there are. */
const MAX_FINDINGS = 100;

export interface Read {
  /** There is none when a finding is an error. */
  readonly resource?: Resource;
  readonly findings: readonly Finding[];
}

type Where = Pick<Finding, "document" | "resource">;

/**
 * Reads one document: a JSON value that anybody may have written.
 *
 * It gives all findings at once and never throws; its time and memory are bounded. It loads the engine for regular
 * expressions, so it is for the registry and the CLI; a sidecar, which gets checked values, uses the schemas alone.
 * @param document its index in what was read, for the findings
 */
export function readResource(value: unknown, document: number): Read {
  const resource = nameOf(value);
  const where: Where = resource === undefined ? { document } : { document, resource };
  const measured = measure(value, where);
  if (!measured.fits) return { findings: bounded(measured.findings, where) };
  const kind = isObject(value) ? value.kind : undefined;
  if (!isKind(kind)) return { findings: bounded([...measured.findings, unknownKind(value, where)], where) };
  const schema = SCHEMAS[kind];
  const parsed = schema.safeParse(value, { reportInput: true });
  const findings = [
    ...measured.findings,
    ...(parsed.success ? [] : findingsOf(schema, parsed.error.issues, where)),
    ...regexFindings(value, where),
  ];
  if (parsed.success && findings.length === 0) return { resource: deepFreeze(parsed.data), findings };
  return { findings: bounded(findings, where) };
}

function unknownKind(value: unknown, where: Where): Finding {
  const wanted = `write kind: ${KINDS.join(", kind: ")}`;
  if (!isObject(value))
    return finding(
      "unknown-kind",
      { ...where, path: "" },
      `the document is ${shown(value)} and no resource`,
      `write apiVersion, kind, metadata and spec`,
    );
  const { kind } = value;
  if (kind === undefined)
    return finding("unknown-kind", { ...where, path: "" }, "the document has no kind", wanted);
  const meant = typeof kind === "string" ? nearest(kind, [...KINDS, ...NOT_CARRIED]) : undefined;
  if (typeof kind === "string" && NOT_CARRIED.includes(kind) && isOfStandard(value.apiVersion))
    return finding(
      "unsupported",
      { ...where, path: "kind" },
      `${kind} is a kind of the Gateway API that is not carried`,
      "leave the document out: of the standard only HTTPRoute is carried, and ServicePolicy and MeshPolicy besides",
    );
  return finding(
    "unknown-kind",
    { ...where, path: "kind" },
    `${shown(kind)} is no kind that is read`,
    isKind(meant) ? `did you mean ${meant}?` : `${wanted}, or leave the document out`,
  );
}

/** A document that has lost its apiVersion is still known by its kind. */
const isOfStandard = (apiVersion: unknown): boolean =>
  apiVersion === undefined ||
  (typeof apiVersion === "string" && apiVersion.startsWith("gateway.networking."));

/** Kind and name, as far as they can be read. */
function nameOf(value: unknown): string | undefined {
  if (!isObject(value) || typeof value.kind !== "string") return undefined;
  const name = isObject(value.metadata) ? value.metadata.name : undefined;
  return typeof name === "string" ? `${cut(value.kind)} ${cut(name)}` : cut(value.kind);
}

function bounded(findings: readonly Finding[], where: Where): readonly Finding[] {
  if (findings.length <= MAX_FINDINGS) return findings;
  const more = findings.length - MAX_FINDINGS;
  const last = finding("too-many-findings", { ...where, path: "" }, `there are ${more} more findings`);
  return [...findings.slice(0, MAX_FINDINGS), last];
}
