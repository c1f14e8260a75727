import * as z from "zod/mini";
import { count, markFields, name, reader } from "../registry/frame.ts";
import type { PolicyMark } from "../registry/wire.ts";
import { meshAuthorization } from "../resources/authorization.ts";
import { httpRoute } from "../resources/http-route.ts";
import { servicePolicy } from "../resources/service-policy.ts";
import type { ServiceRouting } from "./service-routing.ts";

/** Services that one sidecar follows, and so asks for at once, at most. */
export const MAX_SERVICES = 1024;
/** That many of the longest names, each with a revision, fit. */
export const MAX_REQUEST_BYTES = 128 * 1024;

export const sameMark = (a: PolicyMark | undefined, b: PolicyMark | undefined): boolean =>
  a?.lineage === b?.lineage && a?.revision === b?.revision;

/** On `reg.ev.policy`: the policy changed, and is now the one of this mark. */
export interface PolicyEvent extends PolicyMark {
  /** The revision before, in the same lineage: who runs that one, and follows none of `services`, is in step. */
  readonly previous?: number;
  /** Whose routing changed; absent when it may be anybody's. */
  readonly services?: readonly string[];
}

/** Request on `reg.get.policy.<caller>`. */
export interface PolicyRequest {
  /** The services asked for, each with the revision of the routing held; null for none. */
  readonly have: readonly (readonly [service: string, revision: number | null])[];
  /** What the revisions in `have` belong to. */
  readonly lineage?: string;
}

/** Its answer, on the reply subject. */
export interface PolicyAnswer extends PolicyMark {
  /**
   * The routing of each service asked for that is not at the revision held, packed by itself: it is packed once for
   * all who ask, and one that cannot be read spoils no other.
   */
  readonly services: readonly (readonly [service: string, packed: Buffer])[];
  /** Not all fitted into one message: ask again. */
  readonly more?: true;
  /** Services whose routing alone is larger than the broker takes. */
  readonly tooLarge?: readonly string[];
}

const bytes = z.custom<Buffer>((value) => Buffer.isBuffer(value));
const names = z.array(name).check(z.maxLength(MAX_SERVICES));
const event = z.object({ ...markFields, previous: z.optional(count), services: z.optional(names) });
const request = z.object({
  have: z.array(z.tuple([name, z.nullable(count)])).check(z.maxLength(MAX_SERVICES)),
  lineage: z.optional(markFields.lineage),
});
const answer = z.object({
  ...markFields,
  services: z.array(z.tuple([name, bytes])),
  more: z.optional(z.literal(true)),
  tooLarge: z.optional(names),
});
/** Also for what is read from the disk, which is not to be believed more than the wire. */
export const serviceRouting = z.object({
  service: name,
  revision: count,
  routes: z.array(httpRoute),
  policy: z.optional(servicePolicy),
  mesh: z.optional(z.object({ authorization: z.optional(meshAuthorization) })),
});

/** Each reader gives undefined for bytes that are not one such message; it never throws. */
export const readPolicyEvent = reader<PolicyEvent>(event);
export const readPolicyRequest = reader<PolicyRequest>(request);
export const readPolicyAnswer = reader<PolicyAnswer>(answer);
export const readServiceRouting = reader<ServiceRouting>(serviceRouting);
