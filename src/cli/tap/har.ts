import type { TappedCall, TappedMessage } from "../../control/tap/wire.ts";
import { notesOf } from "./rows.ts";

/**
 * Calls as an HTTP Archive, version 1.2 (http://www.softwareishard.com/blog/har-12-spec/), which browsers' developer
 * tools and many others open. What is not known is -1 there. Queries are left out, because they may hold secrets.
 */
export const harOf = (calls: readonly TappedCall[], version: string): unknown => ({
  log: { version: "1.2", creator: { name: "weft tap", version }, entries: calls.map(entryOf) },
});

function entryOf(call: TappedCall): unknown {
  const { at, method, callee, path, status, ms, request, response, side, service, instance, caller } = call;
  return {
    startedDateTime: new Date(at).toISOString(),
    time: ms,
    request: {
      ...{ method, url: `http://${callee}.mesh${path}`, httpVersion: "HTTP/1.1", cookies: [] },
      headers: headersOf(request),
      ...{ queryString: [], headersSize: -1, bodySize: request.body?.bytes ?? -1 },
      ...(request.body === undefined
        ? {}
        : { postData: { mimeType: typeOf(request), params: [], ...textOf(request) } }),
    },
    response: {
      ...{ status, statusText: "", httpVersion: "HTTP/1.1", cookies: [] },
      headers: headersOf(response),
      content: { size: response.body?.bytes ?? -1, mimeType: typeOf(response), ...contentOf(response) },
      ...{ redirectURL: "", headersSize: -1, bodySize: response.body?.bytes ?? -1 },
    },
    cache: {},
    timings: {
      blocked: call.waitedMs ?? -1,
      send: 0,
      wait: Math.max(0, ms - (call.waitedMs ?? 0)),
      receive: 0,
    },
    comment: [`${caller} to ${callee}, seen by the ${side} ${service}/${instance}`, ...notesOf(call)].join(
      ", ",
    ),
    _weft: {
      ...{ side, caller, callee, service, instance, version: call.version, code: call.code },
      ...{ attempts: call.attempts, marks: call.marks, route: call.route, rule: call.rule },
    },
  };
}

const headersOf = ({ headers }: TappedMessage): unknown[] =>
  headers.map(([name, value]) => ({ name, value }));

const typeOf = ({ headers }: TappedMessage): string =>
  headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";

/** `postData` knows no encoding: what is no text is told by a comment. */
const textOf = ({ body }: TappedMessage): object =>
  body?.base64 ? { text: body.text, comment: "base64" } : { text: body?.text ?? "" };

const contentOf = ({ body }: TappedMessage): object =>
  body === undefined ? {} : { text: body.text, ...(body.base64 ? { encoding: "base64" } : {}) };
