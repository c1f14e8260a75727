import type { RequestRedirect } from "../resources/filter.ts";
import { modifiedPath } from "./paths.ts";

/** The URL of a request, in its parts. */
export interface AskedUrl {
  readonly scheme: "http" | "https";
  readonly hostname: string;
  /** Undefined when the URL names none. */
  readonly port: number | undefined;
  /** `*` when the request is about the server as a whole: such a URL has no path (RFC 9112 §3.2.4). */
  readonly path: string;
  readonly query: string;
}

const WELL_KNOWN: Readonly<Record<string, number>> = { http: 80, https: 443 };

/**
 * Where a RequestRedirect sends a request: always an absolute URL, so that a path of two slashes names no other host.
 * A port that is not given is the new scheme's own, else that of the request (HTTPRequestRedirectFilter.port).
 * @param matched the prefix that took the request
 */
export function redirectLocation(redirect: RequestRedirect, url: AskedUrl, matched: string): string {
  const scheme = redirect.scheme ?? url.scheme;
  const port = redirect.port ?? (redirect.scheme === undefined ? url.port : undefined);
  const shown = port === undefined || port === WELL_KNOWN[scheme] ? "" : `:${port}`;
  const path = redirect.path === undefined ? url.path : modifiedPath(redirect.path, url.path, matched);
  const shownPath = path === "*" ? "" : path;
  const query = url.query === "" ? "" : `?${url.query}`;
  return `${scheme}://${redirect.hostname ?? url.hostname}${shown}${shownPath}${query}`;
}
