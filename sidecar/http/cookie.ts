import { fieldValues } from "./header-block.ts";

/** The value of the first cookie of that name (RFC 6265 §5.4); undefined when there is none. Names keep their case. */
export function cookieValue(headers: string, name: string): string | undefined {
  for (const field of fieldValues(headers, "cookie"))
    for (const pair of field.split(";")) {
      const equals = pair.indexOf("=");
      if (equals >= 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
    }
  return undefined;
}
