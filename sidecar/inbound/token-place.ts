import type { ServicePolicy } from "../../src/resources/service-policy.ts";
import { cookieValues, removeCookie } from "../http/cookie.ts";
import { fieldValuesLike } from "../http/header-block.ts";
import type { TokenPlace } from "../policy/authenticate.ts";
import { withoutFields } from "../stack/without-fields.ts";

type Provider = NonNullable<ServicePolicy["spec"]["authentication"]>["providers"][number];

/** How a token is read from a header block, and taken out of it. */
export type TokenReader = Pick<TokenPlace, "read" | "without">;

/** RFC 6750 §2.1 */
const BEARER = { header: "authorization", prefix: "bearer" };

/** @returns a text that is the same for all providers that look in the same place */
export function placeOf({ from }: Provider): string {
  if (from?.cookie !== undefined) return `cookie ${from.cookie}`;
  const header = (from?.header ?? BEARER.header).toLowerCase();
  const prefix = from?.prefix?.toLowerCase() ?? (header === BEARER.header ? BEARER.prefix : "");
  return `header ${header} ${prefix}`;
}

/** @param place as `placeOf` tells it */
export function readerOf(place: string): TokenReader {
  const [kind, name, prefix] = place.split(" ") as [string, string, string];
  return kind === "cookie" ? inCookie(name) : inHeader(name, prefix);
}

function inCookie(name: string): TokenReader {
  return {
    read(headers) {
      const values = cookieValues(headers, name);
      return values.length > 1 ? null : values[0];
    },
    without: (headers) => removeCookie(headers, name),
  };
}

/** A character of a scheme (RFC 9110 §5.6.2): whatever else stands behind the prefix, the prefix is the scheme. */
const TCHAR = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]/;

/**
 * Apps split the field at a space, at any blank (a tab, and in Python what Unicode calls one), or search it for `Bearer `. So
 * what any of them could take for a token is one here, and is looked at.
 */
function inHeader(name: string, prefix: string): TokenReader {
  const inside = new RegExp(`[^A-Za-z0-9]${prefix.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}[\\s\\x85]`, "i");
  const read = (headers: string): string | null | undefined => {
    const values = fieldValuesLike(headers, name);
    if (values.length > 1) return null;
    const [value] = values;
    if (value === undefined || prefix === "") return value;
    // RFC 9110 §11.1: the case of a scheme does not matter. Another scheme is no token.
    const rest = value.slice(prefix.length);
    if (value.slice(0, prefix.length).toLowerCase() === prefix && !TCHAR.test(rest)) return rest.trimStart();
    return inside.test(value) ? null : undefined;
  };
  return { read, without: withoutFields([name]) };
}
