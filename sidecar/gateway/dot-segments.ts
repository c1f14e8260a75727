/** Without one of these in a path there is nothing to look for: a segment that begins with a dot, an escape, a backslash. */
const HINT = /\/\.|[%\\]/;
/** Bytes that some decoders take for `.`, `/` and `\`: overlong UTF-8 (RFC 3629 section 3 forbids it). */
const OVERLONG: readonly (readonly [RegExp, string])[] = [
  [/(?:\xc0|\xe0\x80|\xf0\x80\x80)\xae/g, "."],
  [/(?:\xc0|\xe0\x80|\xf0\x80\x80)\xaf/g, "/"],
  [/(?:\xc1|\xe0\x81|\xf0\x80\x81)\x9c/g, "\\"],
];
/** `%2e`, and IIS's `%u002e`. */
const ESCAPE = /%(?:u00)?([0-9a-f]{2})/gi;
/** So often is anything unescaped on its way through proxies and frameworks; what is nested deeper is no path. */
const MAX_NESTING = 4;
/**
 * `.` or `..` between separators. `;` ends a segment for Java's servers, `?`, `#`, NUL and spaces do for programs that
 * unescape first and parse then.
 */
const DOT_SEGMENT = /[/\\]\.{1,2}(?:[/\\;?#\x00-\x20]|$)/;

const NOT_ASCII = /[\x80-\xff]/;

/**
 * Whether an app may resolve this path to another than the one whose rule took it: it has a segment `.` or `..` (RFC
 * 3986 section 5.2.4), literally or by any spelling that apps are known to read as one: escaped, escaped again, with an
 * escaped or a back slash, in overlong UTF-8 or in full-width characters.
 * @param path origin-form with or without a query, of which nothing is looked at, or `*`
 */
export function hasDotSegments(path: string): boolean {
  const mark = path.indexOf("?");
  const asked = mark < 0 ? path : path.slice(0, mark);
  if (!HINT.test(asked)) return false;
  let bytes = asked;
  for (let nesting = 0; bytes.includes("%"); nesting++) {
    const inner = bytes.replace(ESCAPE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (inner === bytes) break;
    if (nesting === MAX_NESTING) return true;
    bytes = inner;
  }
  if (DOT_SEGMENT.test(bytes)) return true;
  if (!NOT_ASCII.test(bytes)) return false;
  for (const [overlong, character] of OVERLONG) bytes = bytes.replace(overlong, character);
  return (
    DOT_SEGMENT.test(bytes) || DOT_SEGMENT.test(Buffer.from(bytes, "latin1").toString().normalize("NFKC"))
  );
}
