/** One token of a subject: the only characters that can never be a wildcard, a separator or a second name. */
const TOKEN = /^[a-z0-9-]{1,63}$/;

/** Names the mesh itself answers under; a service may not take them. */
export const RESERVED: ReadonlySet<string> = new Set(["registry", "authority", "admin"]);

export class NameError extends Error {
  override readonly name = "NameError";
}

export const isToken = (text: string): boolean => TOKEN.test(text);

/**
 * Checks one name before it can reach a subject.
 * @param what the kind of name, for the message: `service`, `version`, `instance`, `mesh`
 * @returns the same text
 * @throws NameError that says what is allowed
 */
export function token(what: string, text: string): string {
  if (isToken(text)) return text;
  throw new NameError(
    `${what} ${JSON.stringify(text)} is not a name: use 1 to 63 of the characters a-z, 0-9 and "-"${hint(text)}`,
  );
}

/** A service name that a user may choose: a token that is not the mesh's own. */
export function serviceName(text: string): string {
  token("service", text);
  if (RESERVED.has(text))
    throw new NameError(`service "${text}" is a name of the mesh itself: choose another`);
  return text;
}

function hint(text: string): string {
  const mended = text.toLowerCase().replace(/[._ ]/g, "-");
  return mended !== text && isToken(mended) ? ` (for example "${mended}")` : "";
}
