import type { MeshPolicy } from "../../resources/mesh-policy.ts";
import type { ServicePolicy } from "../../resources/service-policy.ts";
import { Fault } from "../fault.ts";
import { askRegistry } from "../get/ask.ts";
import { registryUrl } from "../get/registry-url.ts";
import { type RegistryFlags, readPolicy } from "./registry.ts";
import type { AuthorityView, Entry } from "./rows.ts";

/** What is in force of who may call a service. */
export interface AccessInForce {
  readonly authentication: ServicePolicy["spec"]["authentication"];
  readonly authorization: ServicePolicy["spec"]["authorization"];
  readonly mesh: MeshPolicy["spec"]["authorization"];
}

/** @throws Fault when neither the service nor a policy of it is known */
export async function accessInForce(service: string, flags: RegistryFlags): Promise<AccessInForce> {
  const of = async <R extends ServicePolicy | MeshPolicy>(query: string): Promise<R | undefined> =>
    (await readPolicy<{ resources: Entry<R>[] }>(flags, `/v1/policy?${query}`)).resources[0]?.resource;
  const policy = await of<ServicePolicy>(`kind=ServicePolicy&name=${service}`);
  const mesh = await of<MeshPolicy>("kind=MeshPolicy");
  if (policy === undefined) await askRegistry(registryUrl(flags), `/v1/services/${service}`);
  const { authentication, authorization } = policy?.spec ?? {};
  return { authentication, authorization, mesh: mesh?.spec.authorization };
}

/** What of it the broker enforces, too. */
export const brokerSide = async (flags: RegistryFlags): Promise<AuthorityView | undefined> =>
  (await readPolicy<{ authority?: AuthorityView }>(flags, "/v1/sidecars")).authority;

/** One line on the broker's part when it lags; undefined when there is nothing to say. */
export function lagOf(authority: AuthorityView | undefined): string | undefined {
  if (authority?.kind !== "behind") return undefined;
  const still = authority.revision === undefined ? "" : `, and still enforces revision ${authority.revision}`;
  return `the broker lags behind${still}: ${authority.cause}; callees enforce the newest all the same`;
}

/** One line on whom the broker does not hold back; undefined when it does all. */
export function unlistedOf({ unlisted = [] }: AuthorityView = { kind: "none" }): string | undefined {
  if (unlisted.length === 0) return undefined;
  const named = unlisted.filter((name) => name !== "*");
  const shown = [
    ...named.slice(0, MOST_NAMED),
    ...(named.length > MOST_NAMED ? [`${named.length - MOST_NAMED} more`] : []),
    ...(unlisted.includes("*") ? ["services that no rule names"] : []),
  ];
  return `the broker lets ${shown.join(", ")} send to every service: the list of those that they may call would be over 40 kB; callees deny their calls all the same`;
}

/** Whether it holds for that caller, as far as can be told. */
export const isUnlisted = (caller: string, { unlisted = [] }: AuthorityView = { kind: "none" }): boolean =>
  unlisted.includes(caller) || unlisted.includes("*");

const MOST_NAMED = 10;

/** For answers by exit code: 1 means no, so what cannot be told must not be 1. */
export async function orElse2<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Fault) throw new Fault(error.message, error.cure, 2);
    throw error;
  }
}
