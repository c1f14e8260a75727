import { isToken } from "../../subjects/token.ts";

/** The parts of the mesh itself that have users and certificates of their own. */
export type PartName = "registry" | "registry-store" | "admin" | "system";

/** Who a certificate speaks for: one instance of a service, or a part of the mesh. */
export type Holder =
  | { readonly kind: "instance"; readonly service: string; readonly instance: string }
  | { readonly kind: "part"; readonly part: string };

/** `spiffe://<mesh>/svc/<service>/<instance>` or `spiffe://<mesh>/part/<name>` (SPIFFE-ID, section 2). */
export const spiffeId = (mesh: string, holder: Holder): string =>
  holder.kind === "part"
    ? `spiffe://${mesh}/part/${holder.part}`
    : `spiffe://${mesh}/svc/${holder.service}/${holder.instance}`;

/**
 * Reads the one URI in a certificate's subject alternative names, in the form node:tls gives them.
 * @returns undefined unless it is exactly one SPIFFE id of this mesh
 */
export function holderIn(mesh: string, subjectAltName: string | undefined): Holder | undefined {
  const [name, ...more] = subjectAltName?.split(", ") ?? [];
  if (name === undefined || more.length > 0 || !name.startsWith(`URI:spiffe://${mesh}/`)) return undefined;
  const [kind, first, second, ...rest] = name.slice(`URI:spiffe://${mesh}/`.length).split("/");
  if (rest.length > 0 || first === undefined || !isToken(first)) return undefined;
  if (kind === "part" && second === undefined) return { kind: "part", part: first };
  if (kind === "svc" && second !== undefined && isToken(second))
    return { kind: "instance", service: first, instance: second };
  return undefined;
}
