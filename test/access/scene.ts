import assert from "node:assert/strict";
import { Access, type Decision } from "../../src/access/access.ts";
import type { Asking } from "../../src/access/asking.ts";
import { overrides } from "../../src/access/asking.ts";
import type { MeshPolicy } from "../../src/resources/mesh-policy.ts";
import { readResource } from "../../src/resources/read.ts";
import type { ServicePolicy } from "../../src/resources/service-policy.ts";
import { regex } from "../routing/asked.ts";

export const policyWith = (authorization: object) => ({
  apiVersion: "weft.dev/v1",
  kind: "ServicePolicy",
  metadata: { name: "payments" },
  spec: { authorization },
});

export const meshWith = (authorization: object) => ({
  apiVersion: "weft.dev/v1",
  kind: "MeshPolicy",
  metadata: { name: "mesh" },
  spec: { authorization },
});

/** As it is written in a policy, read. */
export function authorizationOf(written: object): ServicePolicy["spec"]["authorization"] {
  const { resource, findings } = readResource(policyWith(written), 0);
  assert.ok(resource, JSON.stringify(findings));
  return (resource as ServicePolicy).spec.authorization;
}

export function meshOf(written: object): MeshPolicy["spec"]["authorization"] {
  const { resource, findings } = readResource(meshWith(written), 0);
  assert.ok(resource, JSON.stringify(findings));
  return (resource as MeshPolicy).spec.authorization;
}

export const accessOf = (written?: object, mesh?: object): Access =>
  new Access(written && authorizationOf(written), mesh && meshOf(mesh), regex);

export interface Request {
  readonly method?: string;
  readonly target?: string;
  /** Lines without their ends. */
  readonly headers?: readonly string[];
  readonly claims?: Readonly<Record<string, unknown>>;
}

export const asking = ({ method = "GET", target = "/", headers = [], claims }: Request = {}): Asking => ({
  ...{ method, target, claims },
  overridden: overrides(headers.map((line) => `${line}\r\n`).join("")),
  fields: (name) => valuesOf(headers, (written) => written === name),
  fieldsLike: (name) => valuesOf(headers, (written) => dashed(written) === dashed(name)),
});

const valuesOf = (headers: readonly string[], isWanted: (lower: string) => boolean): string[] =>
  headers
    .filter((line) => isWanted(line.slice(0, line.indexOf(":")).toLowerCase()))
    .map((line) => line.slice(line.indexOf(":") + 1).trim());

const dashed = (name: string): string => name.replaceAll("_", "-");

/** `allow by NAME`, and what a rule in shadow would have said. */
export const inWords = ({ verdict, rule, shadow }: Decision): string =>
  `${verdict} by ${rule}${shadow === undefined ? "" : `, shadow ${shadow.verdict} by ${shadow.rule}`}`;
