import { type AppClient, type AppClientOptions, appClient } from "../../sidecar/http/app-client.ts";
import { meshAnswer } from "../../sidecar/http/mesh-answer.ts";
import { type HttpServer, type HttpServerOptions, serveHttp } from "../../sidecar/http/server.ts";
import { Call } from "../../sidecar/stack/call.ts";

export interface Proxy {
  readonly server: HttpServer;
  readonly client: AppClient;
  /** All calls so far, the newest last. */
  readonly calls: Call[];
}

/** The HTTP server and the app client, bolted together: a reverse proxy without a mesh between. */
export function proxyTo(
  app: AppClientOptions,
  options: Partial<HttpServerOptions> & { keepCalls?: boolean } = {},
): Proxy {
  const client = appClient(app);
  const calls: Call[] = [];
  const server = serveHttp({
    ...options,
    onRequest(request, responder) {
      const call = new Call(
        {
          caller: "test",
          callee: "app",
          target: { kind: "version", version: "1" },
          method: request.method,
          path: request.path,
          headers: request.headers,
          body: request.body,
          upgrade: request.upgrade,
          timeoutMs: Number.POSITIVE_INFINITY,
        },
        0,
      );
      if (options.keepCalls !== false) calls.push(call);
      if (request.minorVersion === 1) call.onInterim = (interim) => responder.interim(interim);
      request.onGone = () => call.cancel("cancelled");
      void client.service(call).then((outcome) => {
        if (outcome.kind === "replied")
          responder.reply(outcome.status, outcome.reason, outcome.headers, outcome.body);
        else {
          const { status, reason, headers, body } = meshAnswer(outcome.code, outcome.message);
          responder.reply(status, reason, headers, body);
        }
      });
    },
  });
  return { server, client, calls };
}
