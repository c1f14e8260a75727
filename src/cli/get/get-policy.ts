import type { HttpRoute } from "../../resources/http-route.ts";
import type { MeshPolicy } from "../../resources/mesh-policy.ts";
import type { Resource } from "../../resources/read.ts";
import type { ServicePolicy } from "../../resources/service-policy.ts";
import { Fault, UsageFault } from "../fault.ts";
import { lagOf } from "../policy/access.ts";
import { yamlOf } from "../policy/canonical.ts";
import { print, printJson, printLine } from "../policy/print.ts";
import { readPolicy } from "../policy/registry.ts";
import {
  type AuthorityView,
  type Entry,
  policyRows,
  routeRows,
  type SidecarView,
  sidecarRows,
} from "../policy/rows.ts";
import { table } from "../terminal.ts";
import type { GetFlags } from "../verbs/get.ts";

const KINDS = { routes: "HTTPRoute", policies: "ServicePolicy", meshpolicies: "MeshPolicy" } as const;

/** Prints the resources of a kind that are in force; as YAML they can be edited and applied again. */
export async function getResources(
  what: keyof typeof KINDS,
  name: string | undefined,
  flags: GetFlags,
): Promise<void> {
  refuseWatch(flags);
  const kind = KINDS[what];
  const resources = await entriesOf(kind, flags);
  // Who asks for all policies wants to see what holds for all services, too.
  if (what === "policies" && name === undefined) resources.push(...(await entriesOf("MeshPolicy", flags)));
  const entries = resources.filter(({ resource }) => name === undefined || isNamed(resource, name));
  if (name !== undefined && entries.length === 0)
    throw new Fault(`there is no ${kind} ${JSON.stringify(name)}`, `weft get ${what} lists those there are`);
  if (flags.output === "json") printJson(entries);
  else if (flags.output === "yaml") print(entries.map(yamlOfEntry).join("---\n"));
  else if (what === "routes") printLine(table(routeRows(entries as Entry<HttpRoute>[], Date.now())));
  else printLine(table(policyRows(entries as Entry<ServicePolicy | MeshPolicy>[], Date.now())));
}

async function entriesOf(kind: Resource["kind"], flags: GetFlags): Promise<Entry[]> {
  const { resources } = await readPolicy<{ resources: Entry[] }>(flags, `/v1/policy?kind=${kind}`);
  return resources;
}

/** `orders`, of any namespace, or `shop/orders`. */
const isNamed = ({ metadata }: Resource, name: string): boolean =>
  name === metadata.name || name === `${metadata.namespace}/${metadata.name}`;

const yamlOfEntry = ({ resource, revision, createdAt }: Entry): string =>
  `# revision ${revision}, created ${createdAt}\n${yamlOf(resource)}`;

interface SidecarsAnswer {
  readonly revision: number;
  /** Registries of earlier versions do not tell. */
  readonly authority?: AuthorityView;
  readonly sidecars: readonly SidecarView[];
}

/** Prints the sidecars and the revision of the policy that each of them runs. */
export async function getSidecars(service: string | undefined, flags: GetFlags): Promise<void> {
  refuseWatch(flags);
  if (flags.output === "yaml") throw new UsageFault("sidecars are no YAML", "give -o table or -o json");
  const answer = await readPolicy<SidecarsAnswer>(flags, "/v1/sidecars");
  const sidecars = answer.sidecars.filter((one) => one.service === (service ?? one.service));
  if (service !== undefined && sidecars.length === 0)
    throw new Fault(`${service} has no sidecar now`, "weft get sidecars lists those there are");
  const { revision, authority } = answer;
  if (flags.output === "json") return printJson({ revision, authority, sidecars });
  printLine(table(sidecarRows(sidecars, revision, Date.now())));
  const lag = lagOf(authority);
  if (lag !== undefined) process.stderr.write(`weft: ${lag}\n`);
}

function refuseWatch({ watch }: GetFlags): void {
  if (watch)
    throw new UsageFault("--watch is for services and instances", "leave it out, or ask again now and then");
}
