/** A claim and the header field that it is written to. */
export interface ClaimField {
  readonly claim: string;
  readonly header: string;
}

type Claims = Readonly<Record<string, unknown>>;

/** A longer field would not get through most servers. */
const MOST_CHARACTERS = 4096;
const MOST_MEMBERS = 256;

/** What cannot stand in a field as it is (RFC 9110 §5.5), and `%`, so that it can be read back. */
const NEEDS_ESCAPE = /[^!-$&-~ ]|^ | $/gu;
const NEEDS_ESCAPE_IN_LIST = /[^!-$&-+\--~ ]|^ | $/gu;

/**
 * Header lines for claims. What a claim holds is the issuer's, and often its user's, to choose: so no line break and no
 * byte that a server could take for one gets out of here. A claim that is not there, an object, and one that is too long
 * give no line.
 */
export function fieldsOf(claims: Claims, fields: readonly ClaimField[]): string {
  let lines = "";
  for (const { claim, header } of fields) {
    const text = textOf(claimOf(claims, claim));
    if (text !== undefined && text.length <= MOST_CHARACTERS) lines += `${header}: ${text}\r\n`;
  }
  return lines;
}

/** The claim of that whole name, else the one that its dots lead to. */
function claimOf(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Claims)[part];
  }
  return value;
}

function textOf(value: unknown): string | undefined {
  if (!Array.isArray(value)) return simple(value, NEEDS_ESCAPE);
  if (value.length > MOST_MEMBERS) return undefined;
  const members = value.map((member) => simple(member, NEEDS_ESCAPE_IN_LIST));
  return members.includes(undefined) ? undefined : members.join(",");
}

function simple(value: unknown, escapes: RegExp): string | undefined {
  if (typeof value === "string") return value.replace(escapes, escaped);
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

const escaped = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
