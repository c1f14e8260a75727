import type { HttpRoute } from "../../resources/http-route.ts";
import type { MeshPolicy } from "../../resources/mesh-policy.ts";
import type { Resource } from "../../resources/read.ts";
import type { ServicePolicy } from "../../resources/service-policy.ts";
import { age } from "../get/rows.ts";

/** One resource of the policy, as the registry's HTTP API has it. */
export interface Entry<R extends Resource = Resource> {
  readonly createdAt: string;
  /** At which it last changed. */
  readonly revision: number;
  readonly resource: R;
}

const nameOf = ({ metadata: { name, namespace } }: Resource): string =>
  namespace === "default" ? name : `${namespace}/${name}`;

const ends = ({ revision, createdAt }: Entry, now: number): string[] => [
  String(revision),
  age(now - Date.parse(createdAt)),
];

/** @param now Unix time in ms */
export const routeRows = (entries: readonly Entry<HttpRoute>[], now: number): string[][] => [
  ["NAME", "SERVICES", "RULES", "REVISION", "AGE"],
  ...entries.map((entry) => [
    nameOf(entry.resource),
    servicesOf(entry.resource),
    String(entry.resource.spec.rules.length),
    ...ends(entry, now),
  ]),
];

/** `orders`, `orders:8080`, `v2.orders`, `gateway/shop.example.com`: the addresses that the route is for. */
const servicesOf = ({ spec }: HttpRoute): string =>
  spec.parentRefs
    .flatMap(({ kind, name, port, version }) => {
      const address =
        (version === undefined ? "" : `v${version}.`) + name + (port === undefined ? "" : `:${port}`);
      return kind === "Gateway" ? (spec.hostnames ?? ["*"]).map((host) => `${address}/${host}`) : [address];
    })
    .join(",");

/**
 * The kind of the policy of the mesh is told: a service may be called like it.
 * @param now Unix time in ms
 */
export const policyRows = (
  entries: readonly Entry<ServicePolicy | MeshPolicy>[],
  now: number,
): string[][] => [
  ["NAME", "SETS", "REVISION", "AGE"],
  ...entries.map((entry) => [
    entry.resource.kind === "MeshPolicy" ? `${nameOf(entry.resource)} (MeshPolicy)` : nameOf(entry.resource),
    Object.keys(entry.resource.spec).join(",") || "-",
    ...ends(entry, now),
  ]),
];

/** @param now Unix time in ms */
export const resourceRows = (entries: readonly Entry[], now: number): string[][] => [
  ["KIND", "NAME", "REVISION", "AGE"],
  ...entries.map((entry) => [entry.resource.kind, nameOf(entry.resource), ...ends(entry, now)]),
];

/** How much of the policy the authority knows, and so the broker enforces. */
export interface AuthorityView {
  readonly kind: "none" | "told" | "behind";
  readonly revision?: number;
  readonly since?: string;
  readonly cause?: string;
  /** Whom the broker lets send to everybody; `*`: whom no rule names. */
  readonly unlisted?: readonly string[];
}

/** A sidecar, and the policy that it runs. */
export interface SidecarView {
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  /** The version of Weft that it runs; older ones do not tell. */
  readonly weft?: string;
  /** Of the frames of its calls. */
  readonly frames?: number;
  readonly role: "instance" | "caller";
  readonly policyRevision?: number;
  readonly lagging: boolean;
  readonly lastSeen: string;
}

/**
 * @param revision of the policy that all should run
 * @param now Unix time in ms
 */
export const sidecarRows = (sidecars: readonly SidecarView[], revision: number, now: number): string[][] => [
  ["SERVICE", "VERSION", "INSTANCE", "ROLE", "WEFT", "POLICY", "SEEN"],
  ...sidecars.map((sidecar) => [
    ...[sidecar.service, sidecar.version, sidecar.instance, sidecar.role, sidecar.weft ?? "-"],
    policyOf(sidecar, revision),
    `${age(now - Date.parse(sidecar.lastSeen))} ago`,
  ]),
];

function policyOf({ policyRevision, lagging }: SidecarView, revision: number): string {
  if (policyRevision === undefined) return lagging ? "none of this mesh" : "-";
  return lagging ? `${policyRevision} (behind ${revision - policyRevision})` : String(policyRevision);
}
