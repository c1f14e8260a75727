import { HEADER } from "../../src/protocol/header-names.ts";
import { HOST } from "../http/grammar.ts";
import { fieldValue, fieldValues } from "../http/header-block.ts";
import type { Client } from "./client-address.ts";

/**
 * Fields that nobody outside may write: what means something to the mesh (`weft-…`), sets its times (`grpc-timeout`,
 * `x-envoy-…`), or tells apps who asks and how. `Proxy` would become a variable that programs read (CVE-2016-5385).
 * Names with an underscore are dropped as nginx drops them: many frameworks read `weft_caller` as `weft-caller`.
 */
const NEVER =
  "weft-[^:\\n]*|x-envoy-[^:\\n]*|grpc-timeout|forwarded|x-forwarded-[^:\\n]*|x-real-ip|x-client-ip|x-cluster-client-ip|true-client-ip|x-original-[^:\\n]*|x-rewrite-url|proxy|[^:\\n]*_[^:\\n]*";
const TRACE = "traceparent|tracestate|baggage|b3|x-b3-[^:\\n]*";
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
  const dropped = linesOf([NEVER, ...(continueTraces ? [] : [TRACE]), ...(believed ? [] : [ID])].join("|"));
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
