import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { testSidecar } from "../../support/mesh.ts";
import { route, routedMesh } from "../../support/routed-mesh.ts";
import { newestServer } from "../../support/servers.ts";
import { onPath, to } from "./cases.ts";

test("a WebSocket goes where its rule sends it, with the changes of the rule", async (t) => {
  const mesh = await routedMesh(t, { server: newestServer() });
  await mesh.echo("echo", "1");
  const asked: IncomingMessage[] = [];
  const http = createServer();
  const server = new WebSocketServer({ server: http });
  server.on("connection", (socket, request) => {
    asked.push(request);
    socket.on("message", (data) => socket.send(`heard ${data}`));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => {
    for (const client of server.clients) client.terminate();
    http.close();
  });
  const app = { host: "127.0.0.1", port: (http.address() as AddressInfo).port };
  await testSidecar(mesh.broker, "echo", { version: "2", app });
  const shop = await mesh.caller();
  await mesh.apply(
    route("echo", [
      { matches: [onPath("/")], backendRefs: to("1") },
      {
        matches: [{ ...onPath("/chat"), headers: [{ name: "upgrade", value: "websocket" }] }],
        filters: [
          {
            type: "URLRewrite",
            urlRewrite: { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/socket" } },
          },
          {
            type: "RequestHeaderModifier",
            requestHeaderModifier: { set: [{ name: "room", value: "main" }] },
          },
        ],
        backendRefs: to("2"),
      },
    ]),
  );

  const socket = new WebSocket(`ws://${shop.listen}/chat/a?b`, { headers: { host: "echo.mesh" } });
  t.after(() => socket.terminate());
  await once(socket, "open");
  socket.send("hello");
  const [answer] = await once(socket, "message");
  assert.equal(String(answer), "heard hello");
  assert.equal(asked[0]?.url, "/socket/a?b");
  assert.equal(asked[0].headers.room, "main");
});
