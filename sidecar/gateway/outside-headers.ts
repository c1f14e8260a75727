import { HEADER } from "../../src/protocol/header-names.ts";
import { HOST } from "../http/grammar.ts";
import { fieldValue, fieldValues } from "../http/header-block.ts";
import type { Client } from "./client-address.ts";

const REST = "[^:\\n]*";

/**
 * Fields in which the proxies and CDNs that are in use tell apps the address of who asks, how he asks, for which host, or
 * his certificate (RFC 9440 section 2.4: whoever ends TLS removes these). Apps of some framework believe each of them. What
 * really stands in front of a gateway is told by `trustedHops`, and speaks by `x-forwarded-for`.
 */
const WHO_ASKS = [
  ...[
    "forwarded",
    `x-forwarded(?:-${REST})?`,
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "client-ip",
  ],
  ...[
    "x-remote-(?:ip|addr)",
    "x-originating-ip",
    "true-client-ip",
    `cf-connecting-ip${REST}`,
    "cf-pseudo-ipv4",
  ],
  ...["cf-visitor", "fastly-client-(?:ip|ssl)", "fly-client-ip", `fly-forwarded-${REST}`, "ali-cdn-real-ip"],
  ...["x-azure-(?:clientip|socketip)", "x-appengine-(?:user-ip|remote-addr)", "do-connecting-ip"],
  ...["x-nf-client-connection-ip", "cloudfront-viewer-address", `wl-proxy-${REST}`, "front-end-https"],
  ...["x-scheme", "x-url-scheme", "x-(?:http-)?host(?:-override)?", "client-cert(?:-chain)?"],
];

/**
 * Fields in which proxies that ask for a login or a certificate tell apps who it was (oauth2-proxy, Grafana, Kubernetes, IAP,
 * Azure, AWS, Cloudflare Access, Tailscale; nginx and HAProxy for certificates): apps that once stood behind one believe
 * them. They pass only where a trusted proxy stands in front, which has to remove what is not its own.
 */
const WHO_IT_IS = [
  ...["remote-user", `x-remote-(?:user|group|extra-)${REST}`, `x-webauth-${REST}`, `x-auth-request-${REST}`],
  ...[`x-goog-(?:authenticated-user-|iap-)${REST}`, `x-ms-client-principal${REST}`, `x-amzn-oidc-${REST}`],
  ...[`cf-access-${REST}`, `tailscale-${REST}`, `x-authenticated-${REST}`],
  ...[`(?:x-)?ssl-client-${REST}`, `x-client-(?:cert|verify|dn)${REST}`, "x-arr-clientcert"],
];

/**
 * Fields that nobody outside may write: what means something to the mesh (`weft-…`), sets its times (`grpc-timeout`,
 * `x-envoy-…`), makes an app see another path, or tells it who asks and how. `Proxy` would become a variable that
 * programs read (CVE-2016-5385); `Trailer` announces what does not come (`outside-request.ts`). Names with an
 * underscore are dropped as nginx drops them: many frameworks read `weft_caller` as `weft-caller`.
 */
const NEVER = [
  ...[`weft-${REST}`, `x-envoy-${REST}`, "grpc-timeout", `x-original-${REST}`, "x-rewrite-ur[il]"],
  ...["x-http-method(?:-override)?", "x-method-override", "proxy", "trailer", `${REST}_${REST}`],
  ...WHO_ASKS,
];
const TRACE = `traceparent|tracestate|baggage|b3|x-b3-${REST}`;
const ID = HEADER.requestId;

const linesOf = (names: string): RegExp => new RegExp(`^(?:${names}):[^\\n]*\\n`, "gim");

export interface OutsideHeadersOptions {
  /** Only when it is above 0 is anything believed that proxies write: the id of a request, its scheme and host. */
  readonly trustedHops: number;
  readonly continueTraces: boolean;
  readonly listener: "http" | "https";
}

/** Makes of the header lines of a request from outside those that go into the mesh. */
export type OutsideHeaders = (headers: string, host: string, client: Client) => string;

export function outsideHeaders(options: OutsideHeadersOptions): OutsideHeaders {
  const { trustedHops, continueTraces, listener } = options;
  const believed = trustedHops > 0;
  const dropped = linesOf(
    [...NEVER, ...(continueTraces ? [] : [TRACE]), ...(believed ? [] : [ID, ...WHO_IT_IS])].join("|"),
  );
  return (headers, host, { address, forwardedFor }) => {
    const proto = (believed && protoIn(headers)) || listener;
    const asked = (believed && hostIn(headers)) || host;
    const before = forwardedFor === "" ? "" : `x-forwarded-for: ${forwardedFor}\r\n`;
    const own = `x-real-ip: ${address}\r\nx-forwarded-proto: ${proto}\r\nx-forwarded-host: ${asked}\r\n`;
    return headers.replace(dropped, "") + before + own;
  };
}

/** The proxy next to us has the last word. */
function protoIn(headers: string): string | undefined {
  const last = fieldValues(headers, "x-forwarded-proto").join(",").split(",").at(-1)?.trim().toLowerCase();
  return last === "http" || last === "https" ? last : undefined;
}

function hostIn(headers: string): string | undefined {
  const host = fieldValue(headers, "x-forwarded-host");
  return host !== undefined && host !== "" && HOST.test(host) ? host : undefined;
}
