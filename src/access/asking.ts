/** What of a call decides whether it is allowed, besides who makes it. */
export interface Asking {
  readonly method: string;
  /** The target as it came, with its query. */
  readonly target: string;
  /** Each line of a field, by its name in lower case; none when it is absent. */
  fields(name: string): readonly string[];
  /** Each line of all fields that are of that name once `_` is read as `-` and capitals as small letters. */
  fieldsLike(name: string): readonly string[];
  /** Whether there is a field that makes some apps see another method or path (`overrides`). */
  readonly overridden: boolean;
  /** Of the end user's token, when one was verified. */
  readonly claims: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Fields in which frameworks take another method (Rails, Spring, `method-override`) or another path (Symfony, IIS
 * rewrites) than that of the request line. Where CGI names are used, `_` is as good as `-` (RFC 3875 section 4.1.18).
 */
const OVERRIDES =
  /^x[-_](?:http[-_]method(?:[-_]override)?|method[-_]override|original[-_]ur[il]|rewrite[-_]ur[il])[ \t]*:/im;

/** @param headers lines `Name: value`, each ended by CR LF */
export const overrides = (headers: string): boolean => OVERRIDES.test(headers);

/** PHP reads `.method` and `[method` as `_method`, too, and takes blanks off its front. */
const METHOD_PARAMETER = /[?&;][ +]*[_.[]method(?:[=[&;]|$)/i;

/**
 * Whether the query has the parameter in which frameworks look for another method (Symfony, Laravel, `method-override`).
 * In the body of a form nobody can see it: so an allow rule for POST to such an app is one for all methods.
 */
export function overridesMethod(target: string): boolean {
  const mark = target.indexOf("?");
  if (mark < 0) return false;
  const plain = target
    .slice(mark)
    .replace(/%(?!26|3B|3F)([2-7][0-9A-F])/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return METHOD_PARAMETER.test(plain);
}
