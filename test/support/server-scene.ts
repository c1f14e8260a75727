import type { TestContext } from "node:test";
import type { Request, Responder } from "../../sidecar/http/exchange.ts";
import { type HttpServer, type HttpServerOptions, serveHttp } from "../../sidecar/http/server.ts";
import { wholeBody } from "../../sidecar/stack/body.ts";
import { type RawPeer, rawClient } from "./raw.ts";

export type Handler = (request: Request, responder: Responder) => void;

export interface ServerScene {
  readonly server: HttpServer;
  readonly client: RawPeer;
  readonly asked: [Request, Responder][];
}

/** A server that keeps the requests for the test, or lets `handler` answer, and one client of it. */
export async function serverScene(
  t: TestContext,
  handler?: Handler,
  options: Partial<HttpServerOptions> = {},
): Promise<ServerScene> {
  const asked: [Request, Responder][] = [];
  const server = serveHttp({
    ...options,
    onRequest(request, responder) {
      asked.push([request, responder]);
      handler?.(request, responder);
    },
  });
  await server.listen("127.0.0.1", 0);
  t.after(() => server.close(0));
  return { server, client: await rawClient(t, server.address.port), asked };
}

export const ok = (responder: Responder, text: string) =>
  responder.reply(200, "OK", `Content-Length: ${text.length}\r\n`, wholeBody(Buffer.from(text)));
export const echoPath: Handler = (request, responder) => ok(responder, request.path);
export const GET = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
