import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { changeLog, type LogSettings } from "../../src/telemetry/log-settings.ts";
import { METRICS_CONTENT_TYPE, VIEWS, type View } from "../../src/telemetry/metrics.ts";
import { hostOf, isLoopback } from "./loopback.ts";
import { redact } from "./redact.ts";

/** What the listener shows; each is asked anew for each request. */
export interface AdminProviders {
  /** Prometheus text, in the names of that view. */
  metrics(view: View): Promise<string>;
  /** Whether the sidecar takes calls, and when not, why. */
  ready(): { readonly ready: boolean; readonly reasons: readonly string[] };
  /** The configuration in force; names of secrets are redacted once more. */
  config(): unknown;
  /** The instances that this sidecar knows. */
  endpoints(): unknown;
  /** What is logged: shown, and changed by PUT. */
  readonly log: LogSettings;
  /** Whether there is an access log; else there is nothing to change of it. */
  readonly hasAccessLog: boolean;
}

export interface Admin {
  /** The address to show, such as `127.0.0.1:15000`. */
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** The admin listener could not be opened. */
export class AdminError extends Error {
  override readonly name = "AdminError";
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const json = (status: number, value: unknown, headers = {}): Answer => ({
  status,
  type: "application/json",
  text: `${JSON.stringify(value, null, 2)}\n`,
  headers,
});

/**
 * Opens the admin listener, which shows, and changes nothing but what is logged, on an address of this machine only.
 * @param port 0 picks a free one
 * @throws AdminError when the address is not loopback or the port is taken
 */
export async function startAdmin(providers: AdminProviders, host = "127.0.0.1", port = 0): Promise<Admin> {
  if (!isLoopback(host))
    throw new AdminError(
      `the admin listener shows the inside of the sidecar: give it 127.0.0.1 or ::1, not ${host}`,
    );
  const pages = pagesOf(providers);
  const server = createServer((request, response) => void handle(pages, request, response));
  await listen(server, host, port);
  const { port: actual, address, family } = server.address() as AddressInfo;
  return {
    address: `${family === "IPv6" ? `[${address}]` : address}:${actual}`,
    port: actual,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @param query the part of the URL behind the `?` */
type Page = (query: URLSearchParams) => Answer | Promise<Answer>;
type Pages = ReadonlyMap<string, Page>;

function pagesOf({ metrics, ready, config, endpoints, log, hasAccessLog }: AdminProviders): Pages {
  return new Map<string, Page>([
    [
      "/metrics",
      async (query) => {
        const view = VIEWS.find((one) => one === (query.get("view") ?? "weft"));
        if (view === undefined) return json(400, { error: `there is no such view: ${VIEWS.join(", ")}` });
        return { status: 200, type: METRICS_CONTENT_TYPE, text: await metrics(view) };
      },
    ],
    [
      "/ready",
      () => {
        const answer = ready();
        return json(answer.ready ? 200 : 503, answer);
      },
    ],
    [
      "/healthz",
      () => {
        const { ready: isReady } = ready();
        return { status: isReady ? 200 : 503, type: "text/plain", text: isReady ? "ok\n" : "not ready\n" };
      },
    ],
    ["/live", () => json(200, { live: true })],
    ["/config", () => json(200, redact(config()))],
    ["/endpoints", () => json(200, redact(endpoints()))],
    ["/log", () => json(200, log)],
    ["PUT /log", (query) => changed(log, hasAccessLog, query)],
  ]);
}

function changed(log: LogSettings, hasAccessLog: boolean, query: URLSearchParams): Answer {
  if (!hasAccessLog && [...query.keys()].some((name) => name.startsWith("access-")))
    return json(409, { error: "there is no access log: start the sidecar with --access-log" });
  const problem = changeLog(log, query);
  return problem === undefined ? json(200, log) : json(400, { error: problem });
}

async function handle(pages: Pages, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, type, text, headers } = await answer(pages, request).catch((error: Error) =>
    json(500, { error: `this page failed: ${error.message}` }),
  );
  request.resume();
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
  });
  response.end(text);
}

async function answer(pages: Pages, { method, url = "/", headers }: IncomingMessage): Promise<Answer> {
  // A page from elsewhere can make a browser on this machine call here, but only under its own name (DNS rebinding).
  if (!isLoopback(hostOf(headers.host ?? "")))
    return json(403, { error: "call this listener by a loopback address, such as 127.0.0.1 or localhost" });
  if (method === "PUT" && headers.origin !== undefined)
    return json(403, { error: "no page of a browser may change anything here" });
  const [path = "", query = ""] = url.split("?", 2);
  const shown = pages.get(path);
  if (!shown)
    return json(404, {
      error: "there is no such page",
      pages: [...pages.keys()].filter((page) => page.startsWith("/")),
    });
  const page = method === "GET" || method === "HEAD" ? shown : pages.get(`${method} ${path}`);
  if (!page) {
    const allow = pages.has(`PUT ${path}`) ? "GET, HEAD, PUT" : "GET, HEAD";
    return json(405, { error: `this page only shows: use ${allow}` }, { allow });
  }
  return page(new URLSearchParams(query));
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        new AdminError(
          error.code === "EADDRINUSE"
            ? `port ${port} is taken: give the admin listener port 0, or stop what listens there`
            : `the admin listener cannot listen on ${host}:${port}: ${error.message}`,
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
}
