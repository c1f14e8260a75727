import type { Command } from "commander";
import type { CertificateFiles, GatewayOptions } from "../../../sidecar/gateway/options.ts";
import { GATEWAY_LIMITS } from "../../../sidecar/gateway/options.ts";
import type { Address } from "../../../sidecar/options.ts";
import { UsageFault } from "../fault.ts";
import {
  address,
  duration,
  many,
  nameOf,
  port,
  positive,
  valued,
  wholeNumber,
  withOutput,
  withState,
} from "../flags.ts";
import { type MemberFlags, withMemberFlags } from "../sidecar-flags.ts";

export interface GatewayVerbOptions extends MemberFlags {
  readonly https?: Address;
  readonly cert?: readonly string[];
  readonly key?: readonly string[];
  readonly http?: Address;
  readonly redirect?: number | true;
  readonly trustedHops: number;
  readonly continueTraces?: true;
  readonly maxConnections: number;
  readonly maxConnectionsPerClient: number;
  readonly headerTimeout: number;
  readonly maxBody: number;
  readonly rate?: number;
  readonly output: "table" | "json";
}

const NAME = "gateway";
/** Nobody calls a gateway by version. */
const VERSION = "1";
const text = (value: string): string => value;

/** `weft gateway [NAME]` */
export function define(command: Command): Command {
  return withOutput(withMemberFlags(withState(command)))
    .description(
      "Let requests from outside in, by host and path to services: HTTPRoutes whose parentRefs name this gateway.",
    )
    .usage("[name] --https <address> --cert <file> --key <file> [options]")
    .argument(
      "[name]",
      "what the gateway is in the mesh, and what routes and policies call it",
      nameOf("service"),
      NAME,
    )
    .option("--https <address>", "listen here with TLS, such as 0.0.0.0:443", address)
    .option(
      "--cert <file>",
      "certificate chain in PEM, read again when it changes; may be repeated",
      many(text),
    )
    .option("--key <file>", "key of the certificate in the same place", many(text))
    .option("--http <address>", "listen here without TLS, such as 0.0.0.0:80", address)
    .option("--redirect [port]", "send plain HTTP to https, at this port (default: that of --https)", port)
    .option(
      "--trusted-hops <n>",
      "proxies before the gateway whose x-forwarded-… fields are believed; 0: nobody's",
      wholeNumber,
      GATEWAY_LIMITS.trustedHops,
    )
    .option("--continue-traces", "go on with the trace context of requests; else each begins a trace here")
    .option(
      "--max-connections <n>",
      "connections at once, further ones are closed",
      positive,
      GATEWAY_LIMITS.maxConnections,
    )
    .option(
      "--max-connections-per-client <n>",
      "of one address, or of one /64; not with --trusted-hops",
      positive,
      GATEWAY_LIMITS.maxConnectionsPerClient,
    )
    .addOption(
      valued("--header-timeout <duration>", "time for a TLS handshake, and for a head", duration, "10s"),
    )
    .option("--max-body <bytes>", "of a request", wholeNumber, GATEWAY_LIMITS.maxBodyBytes)
    .option("--rate <n>", "requests of one client in a second, on average", positive)
    .addHelpText(
      "after",
      `
Examples:
  weft gateway --https 0.0.0.0:8443 --cert shop.pem --key shop.key
  weft gateway edge --https 0.0.0.0:443 --cert a.pem --key a.key --cert b.pem --key b.key --http 0.0.0.0:80 --redirect
  weft gateway --http 0.0.0.0:8080 --trusted-hops 1

It routes nothing until a route says so:
  kind: HTTPRoute
  spec:
    parentRefs: [{ kind: Gateway, name: gateway }]
    hostnames: [shop.example.com]
    rules: [{ backendRefs: [{ name: shop }] }]

Prints a line that begins with "ready". SIGTERM takes no more connections, and finishes what is under way. /healthz of
the admin listener says 200 until then.`,
    )
    .action(async (name: string, options: Omit<GatewayVerbOptions, "version">) => {
      const gateway = gatewayFrom(options);
      await (await import("../run-gateway.ts")).runGateway(name, { ...options, version: VERSION }, gateway);
    });
}

type Given = Omit<GatewayVerbOptions, "version">;

function gatewayFrom(given: Given): GatewayOptions {
  const { https, http, redirect, rate } = given;
  if (https === undefined && http === undefined)
    throw new UsageFault(
      "a gateway needs --https, or --http, or both",
      "give --https 0.0.0.0:8443 --cert FILE --key FILE",
    );
  const redirectPort = redirect === true ? https?.port : redirect;
  if (redirect !== undefined && (http === undefined || !redirectPort))
    throw new UsageFault(
      "--redirect is for a gateway with --http, and needs to know the port of https",
      "give --http and --https with a port, or --redirect PORT",
    );
  return {
    ...(https && { https: { ...https, certificates: pairsOf(given) } }),
    ...(http && { http }),
    ...(redirectPort === undefined ? {} : { redirectPort }),
    limits: {
      trustedHops: given.trustedHops,
      continueTraces: given.continueTraces ?? false,
      maxConnections: given.maxConnections,
      maxConnectionsPerClient: given.maxConnectionsPerClient,
      headTimeoutMs: given.headerTimeout,
      maxBodyBytes: given.maxBody,
      ...(rate === undefined ? {} : { ratePerClient: { requests: rate, intervalMs: 1000, burst: rate } }),
    },
  };
}

function pairsOf({ cert = [], key = [] }: Given): CertificateFiles[] {
  if (cert.length === 0 || cert.length !== key.length)
    throw new UsageFault(
      `--https needs a key for each certificate, and there are ${cert.length} --cert and ${key.length} --key`,
      "give --cert FILE --key FILE, as often as there are certificates",
    );
  return cert.map((file, i) => ({ cert: file, key: key[i]! }));
}
