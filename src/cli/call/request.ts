import { createReadStream, readFileSync, statSync } from "node:fs";
import type { Readable } from "node:stream";
import { HEADER } from "../../protocol/header-names.ts";
import { Fault, UsageFault } from "../fault.ts";
import type { CallFlags } from "../verbs/call.ts";

/** A request as it will be sent. */
export interface PlannedRequest {
  readonly method: string;
  readonly path: string;
  /** Names and values in turn, in the order given. */
  readonly headers: readonly string[];
  readonly body: Buffer | Readable | undefined;
  /** The request line. */
  readonly head: string;
}

const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/; // RFC 9110 §5.6.2, token

/** @throws UsageFault, or Fault for a file that cannot be read */
export function planRequest(host: string, pathText: string, flags: CallFlags): PlannedRequest {
  const { data, timeout } = flags;
  const method = flags.request ?? (data ? "POST" : "GET");
  if (!METHOD.test(method))
    throw new UsageFault(`${JSON.stringify(method)} is not a method`, "give one such as -X PUT");
  const path = (pathText.startsWith("/") ? pathText : `/${pathText}`).replace(
    /[^\x21-\x7e]/gu,
    encodeURIComponent,
  );
  const body = data && bodyOf(data);
  const defaults: [string, string][] = [
    ["Host", host],
    ["User-Agent", "weft"],
    ["Accept", "*/*"],
    ...(timeout === undefined ? [] : [[HEADER.timeout, `${timeout}ms`] as [string, string]]),
    ...(body ? [["Content-Type", "application/x-www-form-urlencoded"] as [string, string]] : []),
  ];
  const own = (flags.header ?? []).map(parseHeader);
  const given = new Set(own.map(([name]) => name.toLowerCase()));
  const fields = [
    ...defaults.filter(([name]) => !given.has(name.toLowerCase())),
    ...own.filter(([, value]) => value !== ""),
    ...(body ? [framing(body)] : []),
  ];
  return { method, path, headers: fields.flat(), body: body?.content, head: `${method} ${path} HTTP/1.1` };
}

function parseHeader(line: string): [string, string] {
  const colon = line.indexOf(":");
  const name = line.slice(0, colon);
  if (colon < 1 || !METHOD.test(name) || /[\r\n\0]/.test(line))
    throw new UsageFault(`-H ${JSON.stringify(line)} is not a header`, "write it as 'Name: value'");
  return [name, line.slice(colon + 1).trim()];
}

interface Body {
  readonly content: Buffer | Readable;
  /** In bytes; undefined when only its end will tell. */
  readonly length: number | undefined;
}

const framing = ({ length }: Body): [string, string] =>
  length === undefined ? ["Transfer-Encoding", "chunked"] : ["Content-Length", String(length)];

/** One file streams; several pieces are put together in memory, as curl does. */
function bodyOf(pieces: readonly string[]): Body {
  const [only] = pieces;
  if (pieces.length === 1 && only === "@-") return { content: process.stdin, length: undefined };
  if (pieces.length === 1 && only!.startsWith("@")) {
    const file = only!.slice(1);
    const length = readable(file, () => statSync(file).size);
    return { content: createReadStream(file), length };
  }
  const content = pieces
    .map((piece) => {
      if (!piece.startsWith("@")) return piece;
      const file = piece.slice(1);
      return readable(file, () => readFileSync(file === "-" ? 0 : file, "latin1"));
    })
    .join("&");
  const bytes = pieces.some((piece) => piece.startsWith("@"))
    ? Buffer.from(content, "latin1")
    : Buffer.from(content);
  return { content: bytes, length: bytes.length };
}

function readable<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Fault(
      `${file} cannot be read (${(error as NodeJS.ErrnoException).code})`,
      "name a file after -d @",
    );
  }
}
