import type { HttpRoute } from "../../resources/http-route.ts";
import type { Resource } from "../../resources/read.ts";
import type { ServicePolicy } from "../../resources/service-policy.ts";
import { Fault, UsageFault } from "../fault.ts";
import { yamlOf } from "../policy/canonical.ts";
import { print, printJson, printLine } from "../policy/print.ts";
import { readPolicy } from "../policy/registry.ts";
import { type Entry, policyRows, routeRows, type SidecarView, sidecarRows } from "../policy/rows.ts";
import { table } from "../terminal.ts";
import type { GetFlags } from "../verbs/get.ts";

const KINDS = { routes: "HTTPRoute", policies: "ServicePolicy" } as const;

/** Prints the resources of a kind that are in force; as YAML they can be edited and applied again. */
export async function getResources(
  what: "routes" | "policies",
  name: string | undefined,
  flags: GetFlags,
): Promise<void> {
  refuseWatch(flags);
  const kind = KINDS[what];
  const { resources } = await readPolicy<{ resources: Entry[] }>(flags, `/v1/policy?kind=${kind}`);
  const entries = resources.filter(({ resource }) => name === undefined || isNamed(resource, name));
  if (name !== undefined && entries.length === 0)
    throw new Fault(`there is no ${kind} ${JSON.stringify(name)}`, `weft get ${what} lists those there are`);
  if (flags.output === "json") printJson(entries);
  else if (flags.output === "yaml") print(entries.map(yamlOfEntry).join("---\n"));
  else if (what === "routes") printLine(table(routeRows(entries as Entry<HttpRoute>[], Date.now())));
  else printLine(table(policyRows(entries as Entry<ServicePolicy>[], Date.now())));
}

/** `orders`, of any namespace, or `shop/orders`. */
const isNamed = ({ metadata }: Resource, name: string): boolean =>
  name === metadata.name || name === `${metadata.namespace}/${metadata.name}`;

const yamlOfEntry = ({ resource, revision, createdAt }: Entry): string =>
  `# revision ${revision}, created ${createdAt}\n${yamlOf(resource)}`;

/** Prints the sidecars and the revision of the policy that each of them runs. */
export async function getSidecars(service: string | undefined, flags: GetFlags): Promise<void> {
  refuseWatch(flags);
  if (flags.output === "yaml") throw new UsageFault("sidecars are no YAML", "give -o table or -o json");
  const answer = await readPolicy<{ revision: number; sidecars: SidecarView[] }>(flags, "/v1/sidecars");
  const sidecars = answer.sidecars.filter((one) => one.service === (service ?? one.service));
  if (service !== undefined && sidecars.length === 0)
    throw new Fault(`${service} has no sidecar now`, "weft get sidecars lists those there are");
  if (flags.output === "json") printJson({ revision: answer.revision, sidecars });
  else printLine(table(sidecarRows(sidecars, answer.revision, Date.now())));
}

function refuseWatch({ watch }: GetFlags): void {
  if (watch)
    throw new UsageFault("--watch is for services and instances", "leave it out, or ask again now and then");
}
