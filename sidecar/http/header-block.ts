import { hasNameAt, trimmed } from "./grammar.ts";

/**
 * A header block is one text of lines `Name: value CR LF`, as it came from the wire and is known to follow the grammar.
 * It is never taken apart as a whole: each of these functions finds the one field that it is about.
 * Names are given in lower case. Values given to these functions must be free of CR and LF.
 */
const COLON = 0x3a;

/** Where the first line of that name at or after `from` (the start of a line) begins; -1 when there is none. */
export function findField(block: string, name: string, from = 0): number {
  const length = name.length;
  for (let at = from; at < block.length; ) {
    if (block.charCodeAt(at + length) === COLON && hasNameAt(block, at, name)) return at;
    const feed = block.indexOf("\n", at);
    if (feed < 0) return -1;
    at = feed + 1;
  }
  return -1;
}

/** The value of the first field of that name, without blanks at its ends. */
export function fieldValue(block: string, name: string): string | undefined {
  const at = findField(block, name);
  return at < 0 ? undefined : trimmed(block, at + name.length + 1, block.indexOf("\r", at));
}

/** All values of that name in their order (RFC 9110 §5.3: they mean the same as one list, save for Set-Cookie). */
export function fieldValues(block: string, name: string): string[] {
  const values: string[] = [];
  for (let at = findField(block, name); at >= 0; at = findField(block, name, lineEnd(block, at)))
    values.push(trimmed(block, at + name.length + 1, block.indexOf("\r", at)));
  return values;
}

/**
 * All values of the fields that are of that name once `_` is read as `-`: servers that make CGI variables of fields give
 * both to an app under one name (RFC 3875 §4.1.18).
 */
export function fieldValuesLike(block: string, name: string): string[] {
  const values: string[] = [];
  const wanted = name.replaceAll("_", "-");
  for (let at = 0; at < block.length; at = lineEnd(block, at)) {
    const end = at + name.length;
    if (block.charCodeAt(end) !== COLON) continue;
    if (block.slice(at, end).toLowerCase().replaceAll("_", "-") === wanted)
      values.push(trimmed(block, end + 1, block.indexOf("\r", at)));
  }
  return values;
}

/** The block without any field of that name. */
export function removeField(block: string, name: string): string {
  let at = findField(block, name);
  if (at < 0) return block;
  let kept = "";
  let from = 0;
  while (at >= 0) {
    kept += block.slice(from, at);
    from = lineEnd(block, at);
    at = findField(block, name, from);
  }
  return kept + block.slice(from);
}

/**
 * The block with exactly one field of that name: in the first one's place and spelling, else at the end.
 * @param spelling of the name, for a field that was not there
 */
export function setField(block: string, name: string, value: string, spelling = name): string {
  const at = findField(block, name);
  if (at < 0) return `${block}${spelling}: ${value}\r\n`;
  const written = block.slice(at, at + name.length);
  return `${block.slice(0, at)}${written}: ${value}\r\n${removeField(block.slice(lineEnd(block, at)), name)}`;
}

/**
 * Adds a member to a list field: to its last line, else as a line at the end.
 * @param spelling of the name, for a field that was not there
 * @param separator as the Gateway API shows it (HTTPHeaderFilter.add): its tests compare the text
 */
export function appendToField(
  block: string,
  name: string,
  member: string,
  spelling = name,
  separator = ",",
): string {
  let last = -1;
  for (let at = findField(block, name); at >= 0; at = findField(block, name, lineEnd(block, at))) last = at;
  if (last < 0) return `${block}${spelling}: ${member}\r\n`;
  const end = block.indexOf("\r", last);
  const isEmpty = trimmed(block, last + name.length + 1, end) === "";
  return `${block.slice(0, end)}${isEmpty ? " " : separator}${member}${block.slice(end)}`;
}

const lineEnd = (block: string, at: number) => block.indexOf("\n", at) + 1;
