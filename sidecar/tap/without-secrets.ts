import { isUtf8 } from "node:buffer";
import type { TappedBody } from "../../src/control/tap/wire.ts";
import { REDACTED } from "../../src/telemetry/secret-names.ts";
import type { Seen } from "./peeked-body.ts";

/** A field whose name has one of these words in it holds a secret. */
const SECRET =
  /authori[sz]ation|authentication-info|(?:^|-)auth(?:-|$)|cookie|token|secret|passw|credential|api-?key|session|csrf|xsrf|jwt|signature/i;
/** The schemes of RFC 9110 §11 that carry a secret, under whatever name. */
const SCHEME = /^(?:bearer|basic|digest|negotiate|token)\s/i;
/** A JWS in its compact form (RFC 7515 §7.1) that begins with an object: a token, wherever it stands. */
const EVERY_JWT = /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g;
/** Fields that hold a URI, whose query may hold a secret. */
const URI = /^(?:location|content-location|referer|refresh|link)$|-(?:url|uri|path)$/i;
/** Longer blocks are cut: the field limits of browsers and servers are at 8 to 16 KiB. */
const MAX_BLOCK = 16 * 1024;

/** The fields of a header block in their order, with the values of secrets replaced. */
export function fieldsWithoutSecrets(block: string): [name: string, value: string][] {
  const lines = block.slice(0, MAX_BLOCK).split("\r\n");
  // The last is empty, or was cut, maybe within a secret that is not recognised any more.
  lines.pop();
  return lines.map((line) => {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    return [name, shownValue(name, line.slice(colon + 1).trim())];
  });
}

function shownValue(name: string, value: string): string {
  if (SECRET.test(name) || SCHEME.test(value)) return REDACTED;
  const shown = textWithoutTokens(value);
  return URI.test(name) ? shown.replace(/\?[^\s>;]*/g, `?${REDACTED}`) : shown;
}

export const textWithoutTokens = (text: string): string => text.replace(EVERY_JWT, REDACTED);

/** What is told of a body. Tokens in the form of a JWT are replaced; what else an app puts there is shown. */
export function shownBody({ bytes, passed, whole }: Seen): TappedBody {
  const isCut = !whole || bytes.length < passed;
  const rest = { bytes: passed, ...(isCut ? { cut: true as const } : {}) };
  const text = wholeCharacters(bytes);
  if (!isUtf8(text)) return { text: bytes.toString("base64"), base64: true, ...rest };
  return { text: textWithoutTokens(text.toString()), ...rest };
}

/** Without the beginning of a character of which the end was cut off (RFC 3629 §3). */
function wholeCharacters(bytes: Buffer): Buffer {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return bytes;
    const isLead = byte >= 0xc0;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    if (isLead) return length > back ? bytes.subarray(0, -back) : bytes;
  }
  return bytes;
}
