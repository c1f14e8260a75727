import { writeFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import type { GatewayOptions } from "../../sidecar/gateway/options.ts";
import { type Issuer, issueIntermediate, issueLeaf, issueRoot } from "../../src/identity/keys/certificate.ts";
import { keyPem, newTlsKey } from "../../src/identity/keys/tls-key.ts";
import { testSidecar } from "./mesh.ts";
import { type RoutedMesh, routedMesh } from "./routed-mesh.ts";
import { stateFolder } from "./state.ts";
import { until } from "./until.ts";
import { Wire } from "./wire.ts";

const LOOPBACK = { host: "127.0.0.1", port: 0 };
const HOUR_MS = 3_600_000;

/** A CA of the world outside, and the files that a gateway's certificates are kept in. */
export async function outsideCa(t: TestContext) {
  const folder = stateFolder(t);
  const root = await issueRoot("outside", 1, { now: Date.now(), lifeMs: HOUR_MS });
  const issuer: Issuer = await issueIntermediate(root, "outside 1", { now: Date.now(), lifeMs: HOUR_MS });
  return {
    ca: root.certPem,
    folder,
    /** Writes, or writes anew, a certificate for these names and its key. */
    async files(name: string, ...hosts: string[]) {
      const key = newTlsKey();
      const sans = hosts.map((value) => ({ type: "dns" as const, value }));
      const leaf = { key, commonName: name, sans, usages: ["server" as const] };
      const pem = await issueLeaf(issuer, leaf, { now: Date.now(), lifeMs: HOUR_MS });
      const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
      writeFileSync(files.cert, pem);
      writeFileSync(files.key, keyPem(key));
      return files;
    },
  };
}

/** An HTTPRoute of the gateway `gateway`. */
export const gatewayRoute = (
  name: string,
  hostnames: string[] | undefined,
  rules: object[],
  parent = {},
) => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name },
  spec: { parentRefs: [{ name: "gateway", ...parent }], ...(hostnames && { hostnames }), rules },
});

export const to = (...names: string[]) => ({ backendRefs: names.map((name) => ({ name })) });

export type GatewayMesh = Awaited<ReturnType<typeof gatewayMesh>>;

/** A mesh with a gateway for `*.example.com` over TLS, and over plain HTTP. */
export async function gatewayMesh(
  t: TestContext,
  limits: GatewayOptions["limits"] = {},
  options: Partial<GatewayOptions> = {},
) {
  const mesh: RoutedMesh = await routedMesh(t);
  const outside = await outsideCa(t);
  const certificates = [await outside.files("first", "*.example.com", "example.com")];
  const sidecar = await testSidecar(mesh.broker, "gateway", {
    gateway: { https: { ...LOOPBACK, certificates }, http: LOOPBACK, limits, ...options },
  });
  const https = sidecar.gateway!.https!;
  await until(async () => (await mesh.get("sidecars")).sidecars.length > 0, {
    what: "the registry to hear of the gateway",
  });
  return {
    ...{ mesh, outside, sidecar, https, http: sidecar.gateway!.http! },
    ask: (host: string, path = "/", more: AskTls = {}) => askTls(https, outside.ca, host, path, more),
    wire: (servername = "shop.example.com", more: ConnectionOptions = {}) =>
      tlsWire(t, https, { servername, ca: outside.ca, ...more }),
  };
}

export interface AskTls {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string;
  /** Empty for none. */
  readonly servername?: string;
}

export interface OutsideAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** What the echo app saw, when it answered. */
  readonly seen: { readonly service: string; readonly path: string; readonly headers: IncomingHttpHeaders };
  /** SHA-256 of the certificate that was shown. */
  readonly fingerprint: string;
}

/** One request from outside, on a connection of its own. */
export function askTls(
  address: string,
  ca: string,
  host: string,
  path = "/",
  { method = "GET", headers = {}, body = "", servername = host }: AskTls = {},
): Promise<OutsideAnswer> {
  const port = Number(address.split(":").at(-1));
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...{ host: "127.0.0.1", port, path, method, headers: { host, ...headers }, ca, agent: false },
        // Without a name there is none to check.
        ...(servername === "" ? { servername, checkServerIdentity: () => undefined } : { servername }),
      },
      (response) => {
        const { fingerprint256: fingerprint } = (response.socket as TLSSocket).getPeerCertificate();
        let text = "";
        response.setEncoding("utf8").on("data", (chunk) => {
          text += chunk;
        });
        response.on("error", reject);
        response.on("end", () => {
          const isEcho = response.headers["content-type"] === "application/json";
          resolve({
            ...{ status: response.statusCode ?? 0, headers: response.headers, text, fingerprint },
            seen: isEcho ? JSON.parse(text) : { service: "", path: "", headers: {} },
          });
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

/** A client that writes its own bytes into TLS. */
export async function tlsWire(t: TestContext, address: string, options: ConnectionOptions): Promise<Wire> {
  const socket = connect({ host: "127.0.0.1", port: Number(address.split(":").at(-1)), ...options });
  t.after(() => socket.destroy());
  await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
  return new Wire(socket);
}
