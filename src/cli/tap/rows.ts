import type { TappedBody, TappedCall, TappedMessage } from "../../control/tap/wire.ts";
import { msText } from "../../protocol/duration.ts";
import { printable } from "../policy/report.ts";
import { painter } from "../terminal.ts";

export const HEAD =
  "TIME          METHOD  STATUS  DURATION  CALL                              INSTANCE      PATH";

/** One call as a line, in the colour of how it went; its bodies below it. */
export function lineOf(call: TappedCall, stream: { readonly isTTY?: boolean }): string {
  const paint = painter(stream);
  const { at, method, status, ms, path, request, response } = call;
  const cells = [
    new Date(at).toISOString().slice(11, 23).padEnd(12),
    method.padEnd(6),
    String(status).padEnd(6),
    msText(ms).padEnd(8),
    wayOf(call).padEnd(32),
    answeredBy(call).padEnd(12),
    [path, ...notesOf(call)].join("  "),
  ];
  const line = printable(cells.join("  "));
  const style = status >= 500 ? "red" : status >= 400 ? "yellow" : undefined;
  return [
    style === undefined ? line : paint(style, line),
    ...bodyLines(">", request.body),
    ...bodyLines("<", response.body),
  ].join("\n");
}

const wayOf = ({ caller, callee, side, version, service }: TappedCall): string =>
  side === "server" ? `${caller} -> ${service}` : `${caller} -> ${callee}${version && ` v${version}`}`;

const answeredBy = ({ side, instance, attempts }: TappedCall): string =>
  (side === "server" ? instance : (attempts.at(-1)?.instance ?? "")) || "-";

/** What is worth a word beside status and time. */
export function notesOf(call: TappedCall): string[] {
  const { code, attempts, marks, injected, access, mirrored, requestId } = call;
  return [
    ...(code === "" ? [] : [code]),
    ...(attempts.length > 1 ? [`${attempts.length} attempts`] : []),
    ...(marks === undefined ? [] : [marks]),
    ...(injected === undefined ? [] : [`injected ${injected}`]),
    ...(access === undefined ? [] : [access]),
    ...(mirrored ? ["mirrored"] : []),
    ...(requestId === undefined ? [] : [`id=${requestId}`]),
  ];
}

function bodyLines(sign: string, body: TappedMessage["body"]): string[] {
  if (body === undefined) return [];
  const lines = body.base64 ? [`(${body.bytes} bytes, not text)`] : body.text.split(/\r?\n/);
  return [...lines, ...(body.cut && !body.base64 ? [cutNote(body)] : [])].map(
    (line) => `  ${sign} ${printable(line)}`,
  );
}

const cutNote = ({ bytes }: TappedBody): string => `… of ${bytes} bytes or more`;
