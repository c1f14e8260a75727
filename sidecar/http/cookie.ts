import { fieldValues, removeField, setField } from "./header-block.ts";

/** The value of the first cookie of that name (RFC 6265 §5.4); undefined when there is none. Names keep their case. */
export function cookieValue(headers: string, name: string): string | undefined {
  for (const field of fieldValues(headers, "cookie"))
    for (const pair of field.split(";")) {
      const equals = pair.indexOf("=");
      if (equals >= 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
    }
  return undefined;
}

/** The values of all cookies of that name, in their order. */
export const cookieValues = (headers: string, name: string): string[] =>
  pairsOf(headers).flatMap(([key, value]) => (key === name ? [value] : []));

/** The header block without any cookie of that name; several `Cookie` fields become one (RFC 6265 §5.4). */
export function removeCookie(headers: string, name: string): string {
  const pairs = pairsOf(headers);
  const kept = pairs.filter(([key]) => key !== name);
  if (kept.length === pairs.length) return headers;
  if (kept.length === 0) return removeField(headers, "cookie");
  return setField(headers, "cookie", kept.map(([, , pair]) => pair).join("; "));
}

function pairsOf(headers: string): [name: string, value: string, pair: string][] {
  return fieldValues(headers, "cookie").flatMap((field) =>
    field.split(";").map((part): [string, string, string] => {
      const pair = part.trim();
      const equals = pair.indexOf("=");
      return equals < 0
        ? ["", pair, pair]
        : [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim(), pair];
    }),
  );
}
