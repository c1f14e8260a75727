import { hostnameOf } from "../../src/routing/hostnames.ts";
import type { OnRequest } from "../http/server-connection.ts";
import type { Router } from "../outbound/route-host.ts";
import { wholeBody } from "../stack/body.ts";

const HTTPS_PORT = 443;

/**
 * Sends requests over plain HTTP to https, with their method (308, RFC 9110 §15.4.9), and only for hosts that a route is
 * for: else anybody could have us point to any host.
 * @param unrouted answers the others
 */
export function redirectToHttps(port: number, route: Router, unrouted: OnRequest): OnRequest {
  const shown = port === HTTPS_PORT ? "" : `:${port}`;
  return (request, responder) => {
    if (route(request.host) === undefined) {
      unrouted(request, responder);
      return;
    }
    const path = request.path === "*" ? "/" : request.path;
    const location = `https://${hostnameOf(request.host)}${shown}${path}`;
    const headers = `location: ${location}\r\ncontent-length: 0\r\n`;
    responder.reply(308, "Permanent Redirect", headers, wholeBody());
    request.body.abandon("cancelled");
  };
}
