import { STATUS_CODES } from "node:http";
import { HEADER } from "../../src/protocol/header-names.ts";
import type { Filter, RequestMirror, RequestRedirect, UrlRewrite } from "../../src/resources/filter.ts";
import type { BackendRef } from "../../src/resources/http-route.ts";
import { redirectLocation } from "../../src/routing/location.ts";
import { meshHostname } from "../../src/routing/mesh-host.ts";
import { modifiedPath } from "../../src/routing/paths.ts";
import type { Destination } from "../../src/routing/rules.ts";
import type { Target } from "../../src/subjects/subjects.ts";
import { fieldValue, setField } from "../http/header-block.ts";
import { type HeaderModifier, headerChange } from "../http/modify-headers.ts";
import type { Mirror } from "../policy/mirror.ts";
import type { RequestChange, ResponseChange } from "../policy/modify.ts";
import { wholeBody } from "../stack/body.ts";
import type { Service } from "../stack/call.ts";
import { trailersWithout } from "../stack/clean-trailers.ts";
import { withoutQuery } from "../stack/without-query.ts";
import { AskedRequest } from "./asked-request.ts";

/** What the filters of a rule or of a backend do to a call. */
export interface Steps {
  readonly requestChanges: readonly RequestChange[];
  readonly responseChanges: readonly ResponseChange[];
  /** Fields of answers that the changes set or remove. */
  readonly responseOwned: readonly string[];
  readonly mirrors: readonly Omit<Mirror, "shadow">[];
  /** Answers in the place of every backend (RequestRedirect). */
  readonly answer: Service | undefined;
}

const ANY: Target = { kind: "any" };

/** Where a reference to a backend sends calls. */
export const aimOf = ({ name, version }: Pick<BackendRef, "name" | "version">) => ({
  callee: name,
  target: version === undefined ? ANY : ({ kind: "version", version } as const),
});

/**
 * What a list of filters does to a call: changes in the order in which they are written, then the copies.
 * @param matched the path of the match, for `ReplacePrefixMatch`
 */
export function stepsOf(filters: readonly Filter[], matched: string, to: Destination): Steps {
  const requestChanges: RequestChange[] = [];
  const responseChanges: ResponseChange[] = [];
  const responseOwned: string[] = [];
  const mirrors: Steps["mirrors"][number][] = [];
  let answer: Service | undefined;
  for (const filter of filters)
    switch (filter.type) {
      case "RequestHeaderModifier":
        requestChanges.push(requestHeaders(filter.requestHeaderModifier));
        break;
      case "ResponseHeaderModifier":
        responseChanges.push(headerChange(filter.responseHeaderModifier));
        responseOwned.push(...ownedBy(filter.responseHeaderModifier));
        break;
      case "URLRewrite":
        requestChanges.push(rewrite(filter.urlRewrite, matched));
        break;
      case "RequestMirror":
        mirrors.push({ ...aimOf(filter.requestMirror.backendRef), percent: percentOf(filter.requestMirror) });
        break;
      case "RequestRedirect":
        answer = redirect(filter.requestRedirect, matched, to);
    }
  return { requestChanges, responseChanges, responseOwned, mirrors, answer };
}

/** What is set or removed in a head does not come in as a trailer: an app may merge both (RFC 9110 §6.5.1). */
function requestHeaders(modifier: HeaderModifier): RequestChange {
  const change = headerChange(modifier);
  const clean = trailersWithout(ownedBy(modifier));
  return ({ head }) => {
    head.headers = change(head.headers);
    head.body = clean(head.body);
  };
}

const ownedBy = ({ set = [], remove = [] }: HeaderModifier): string[] => [
  ...set.map(({ name }) => name),
  ...remove,
];

function rewrite({ hostname, path }: UrlRewrite, matched: string): RequestChange {
  return (call) => {
    if (hostname !== undefined) call.head.headers = setField(call.head.headers, "host", hostname);
    if (path === undefined) return;
    // Of the path that was matched: that of a backend counts instead of that of its rule, not after it.
    const asked = call.head.path;
    const mark = asked.indexOf("?");
    const end = mark < 0 ? asked.length : mark;
    call.path = modifiedPath(path, asked.slice(0, end), matched) + asked.slice(end);
  };
}

/** Every call when neither is given (HTTPRequestMirrorFilter). */
function percentOf({ percent, fraction }: RequestMirror): number {
  if (fraction !== undefined) return (100 * fraction.numerator) / fraction.denominator;
  return percent ?? 100;
}

/** Answers with another address. The status is 302 when none is given (HTTPRequestRedirectFilter.statusCode). */
function redirect(filter: RequestRedirect, matched: string, to: Destination): Service {
  const status = filter.statusCode;
  return (call) => {
    const { head } = call;
    const { path, query } = new AskedRequest(head.method, head.path, "");
    // What the client wrote: a listener for one service has an address that only he knows.
    const [, hostname, port] = /^(.+?)(?::(\d*))?$/.exec(fieldValue(head.headers, "host") ?? "") ?? [];
    const proto = to.gateway === undefined ? undefined : fieldValue(head.headers, "x-forwarded-proto");
    const url = {
      // The gateway has written it: its own listener's, or what a proxy that it trusts has said.
      scheme: proto === "https" ? "https" : "http",
      hostname: hostname ?? meshHostname(to),
      port: port ? Number(port) : undefined,
      path,
      query,
    } as const;
    const id = fieldValue(head.headers, HEADER.requestId);
    // No app has answered, so whoever wonders needs what to ask `weft explain` for.
    const idLine = id === undefined ? "" : `${HEADER.requestId}: ${id}\r\n`;
    const location = redirectLocation(filter, url, matched);
    call.choice = `a redirect to ${withoutQuery(location)}`;
    head.body.abandon("cancelled");
    return Promise.resolve({
      kind: "replied",
      status,
      reason: STATUS_CODES[status]!,
      headers: `location: ${location}\r\n${idLine}content-length: 0\r\n`,
      body: wholeBody(),
      instance: "",
    });
  };
}
