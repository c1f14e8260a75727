import type { Finding } from "../../resources/finding.ts";
import { finding } from "../../resources/finding.ts";
import { keyOf } from "../../resources/key.ts";
import { readResource } from "../../resources/read.ts";
import { analyse } from "../analyse/analyse.ts";
import type { Judged } from "../analyse/judged.ts";
import type { World } from "../analyse/world.ts";
import type { Entry, PolicyRecord } from "../record.ts";
import { nameVersions } from "./name-versions.ts";

const MAX_FINDINGS = 200;

export interface Values {
  readonly judged: readonly Judged[];
  /** About the values that are no resources. */
  readonly findings: readonly Finding[];
}

/** @param values anything that is JSON */
export function readValues(values: readonly unknown[], world: World): Values {
  const read = values.map((value, document) => ({ document, ...readResource(value, document) }));
  return {
    judged: read.flatMap(({ resource, document }) =>
      resource === undefined ? [] : { document, resource: nameVersions(resource, world) },
    ),
    findings: read.flatMap(({ findings }) => findings),
  };
}

/** What can be said of resources if they join those that are applied; of those alone when there are no others. */
export async function judge(
  { judged, findings }: Values,
  base: PolicyRecord,
  world: World,
): Promise<Finding[]> {
  const found = await analyse(joined(base.entries, judged), world);
  const all = judged.length + findings.length === 0;
  return [...findings, ...(all ? found : found.filter(({ document }) => document !== undefined))];
}

/** In the order that decides ties. */
function joined(entries: ReadonlyMap<string, Entry>, judged: readonly Judged[]): Judged[] {
  const read = new Set(judged.map(({ resource }) => keyOf(resource)));
  const live = [...entries].filter(([key]) => !read.has(key)).map(([, { resource }]) => ({ resource }));
  return [...live, ...judged];
}

/** What may be unknown when it is wished so: a service that is still to be started. */
export const allowUnknown = (one: Finding): Finding =>
  one.code === "unknown-service" || one.code === "unknown-version" ? { ...one, severity: "warning" } : one;

export const isError = ({ severity }: Finding): boolean => severity === "error";

/** So many that they can be read, the errors before the warnings when not all are shown. */
export function bounded(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length <= MAX_FINDINGS) return findings;
  const shown = [...findings].sort((a, b) => Number(isError(b)) - Number(isError(a))).slice(0, MAX_FINDINGS);
  const message = `${findings.length - MAX_FINDINGS} more findings are not shown`;
  const more = finding("too-many-findings", { path: "" }, message);
  return [...shown, { ...more, severity: findings.some(isError) ? "error" : "warning" }];
}
