/**
 * The grammar of HTTP/1.1 messages (RFC 9112), as whitelists: what is not listed here is refused, never mended.
 * So no line folding, no bare CR or LF, no NUL or other control, no space before a colon.
 */
const TCHAR = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]";
const TEXT = "[\\t\\x20-\\x7e\\x80-\\xff]";
const QUOTED = `"(?:[\\t\\x20\\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\${TEXT})*"`;
const EXTENSION = `${TCHAR}+(?:=(?:${TCHAR}+|${QUOTED}))?`;
const FIELD = `${TCHAR}+:${TEXT}*\\r\\n`;

/** RFC 9110 §5.6.2. */
export const TOKEN = new RegExp(`^${TCHAR}+$`);
/** A block of header or trailer lines, each ended by CR LF; may be empty. */
export const FIELD_LINES = new RegExp(`^(?:${FIELD})*$`);
export const REQUEST_HEAD = new RegExp(
  `^${TCHAR}+ [\\x21\\x22\\x24-\\x7e]+ HTTP/1\\.[01]\\r\\n(?:${FIELD})*\\r\\n$`,
);
/** The space before an absent reason may be left out, as many servers do. */
export const RESPONSE_HEAD = new RegExp(
  `^HTTP/1\\.[01] [1-5][0-9][0-9](?: ${TEXT}*)?\\r\\n(?:${FIELD})*\\r\\n$`,
);
export const REASON = new RegExp(`^${TEXT}*$`);
/** What stands behind the first `;` of a chunk's line (RFC 9112 §7.1.1), without optional blanks. */
export const CHUNK_EXTENSION = new RegExp(`^${EXTENSION}(?:;${EXTENSION})*$`);
/** Of the target no blanks, controls or fragment; RFC 9112 §3.2. */
export const TARGET = /^[\x21\x22\x24-\x7e]+$/;
/** `uri-host [ ":" port ]` (RFC 9110 §7.2) without percent-encoding and sub-delims, which no name of ours has. */
export const HOST = /^(?:[0-9A-Za-z._~-]+|\[[0-9A-Fa-f:.]+\])?(?::[0-9]{0,5})?$/;
/** A length that a number holds exactly. */
export const LENGTH = /^[0-9]{1,15}$/;

const SPACE = 0x20;
const TAB = 0x09;

/** The text between two places without blanks at its ends; `String.trim` would also take NBSP, which is data. */
export function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isBlank = (code: number) => code === SPACE || code === TAB;

/** Whether the field name `name`, given in lower case, stands at `at` in any case. */
export function hasNameAt(text: string, at: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = text.charCodeAt(at + i);
    if ((code >= 0x41 && code <= 0x5a ? code | 0x20 : code) !== name.charCodeAt(i)) return false;
  }
  return true;
}
