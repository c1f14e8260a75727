import { isUtf8 } from "node:buffer";
import type { FindingCode } from "../../../resources/finding.ts";
import { linesOf, type Place, START } from "./lines.ts";
import { MAX_FILE_BYTES } from "./sources.ts";

/** Why a file, or a part of it, holds no resources. */
export interface Complaint {
  readonly code: FindingCode;
  readonly message: string;
  readonly cure: string;
  readonly place: Place;
}

// Text has none of these: YAML 1.2.2 §5.1 allows tab, line feed and carriage return alone.
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;
const UTF16_MARKS = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

/** @returns the text of a file, without a byte order mark, or what is wrong with its bytes */
export function textOf(bytes: Buffer): string | Complaint {
  if (bytes.length > MAX_FILE_BYTES)
    return {
      code: "too-large",
      message: `the file is larger than ${MAX_FILE_BYTES >> 20} MiB`,
      cure: "spread its resources over several files",
      place: START,
    };
  const wrong = (message: string, cure: string, place = START): Complaint => ({
    code: "yaml",
    ...{ message, cure, place },
  });
  if (UTF16_MARKS.some((mark) => bytes.subarray(0, 2).equals(mark)))
    return wrong("the file is UTF-16", "save it as UTF-8");
  if (!isUtf8(bytes))
    return wrong("there are bytes that are not UTF-8", "save the file as UTF-8", firstBadByte(bytes));
  const text = new TextDecoder().decode(bytes);
  const control = CONTROL.exec(text);
  if (control !== null) {
    const number = text.charCodeAt(control.index).toString(16).toUpperCase().padStart(4, "0");
    return wrong(
      `there is a control character (U+${number}), which no text has`,
      'name a text file; in a value write it as an escape between double quotes: "\\u0007"',
      linesOf(text)(control.index),
    );
  }
  return text;
}

/** Line by line, since a line feed is no part of any longer character. */
function firstBadByte(bytes: Buffer): Place {
  let line = 1;
  for (let start = 0; ; line++) {
    const end = bytes.indexOf(0x0a, start);
    const content = bytes.subarray(start, end < 0 ? bytes.length : end);
    if (!isUtf8(content)) return { line, column: firstBadCharacter(content) };
    start = end + 1;
  }
}

function firstBadCharacter(line: Buffer): number {
  let offset = 0;
  let column = 1;
  for (const character of line.toString("utf8")) {
    const good = Buffer.from(character);
    if (!line.subarray(offset, offset + good.length).equals(good)) break;
    offset += good.length;
    column += character.length;
  }
  return column;
}
