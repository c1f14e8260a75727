/**
 * What has to be looked at: an escape, or a character that a path has only as an escape (RFC 3986 section 3.3). `;` is
 * one of them, because some apps cut a segment there.
 */
const NOT_PLAIN = /%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~!$&'()*+,=:@/]/;
const EVERY_NOT_PLAIN = new RegExp(NOT_PLAIN, "g");
/** Empty and dot segments, which many apps take out. */
const ODD_SEGMENTS = /\/\/|\/\.{1,2}(?:\/|$)/;
/** These need an escape in a path, and mean nothing to anybody: space, `"`, `<`, `>`, `[`, `]`, `^`, backtick, `{`, `|`, `}`. */
const NEEDS_ESCAPE = /^%(?:20|22|3[CE]|5[BDE]|60|7[BCD])$/;
/** `%` as an escape, unless what follows would make one when it is unescaped twice. */
const PERCENT = /^%25(?![0-9A-Fa-f]{2})/;
const NOT_ASCII = /^%[89A-F]/;
const ASCII = /[\x00-\x7f]/;
const EVERY_ASCII = /[\x00-\x7f]+/g;

/**
 * The path of a request target, in the one way in which it can be written, so that what a rule compares is what every
 * app sees. The request itself goes to the app as it came; so a path that two parsers could read in two ways is none
 * here: `//`, `/./`, `/../`, `;`, `\`, and escapes of what needs none, of what separates or ends, or of an escape.
 * Istio mends such paths instead (`pathNormalization`), which holds only when every app mends them alike.
 * @param target origin-form with or without a query, or `*`
 * @returns undefined when it could be read in two ways
 */
export function plainPath(target: string): string | undefined {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  if (ODD_SEGMENTS.test(path)) return undefined;
  return NOT_PLAIN.test(path) ? escapedPath(path) : path;
}

function escapedPath(path: string): string | undefined {
  let isPlain = true;
  let isAscii = true;
  const plain = path.replace(EVERY_NOT_PLAIN, (found, at: number) => {
    const upper = found.toUpperCase();
    if (NOT_ASCII.test(upper)) isAscii = false;
    else isPlain &&= NEEDS_ESCAPE.test(upper) || PERCENT.test(path.slice(at, at + 5));
    return upper;
  });
  return isPlain && (isAscii || isPlainText(plain)) ? plain : undefined;
}

/** UTF-8 of characters that no app takes for others in ASCII: no overlong dot, no full-width slash or letter. */
function isPlainText(path: string): boolean {
  try {
    return !ASCII.test(decodeURIComponent(path).replace(EVERY_ASCII, "").normalize("NFKC"));
  } catch {
    return false;
  }
}
