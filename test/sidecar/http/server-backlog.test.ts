import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { test } from "node:test";
import { serveHttp } from "../../../sidecar/http/server.ts";
import { turns } from "../../support/fake-clock.ts";
import { echoPath } from "../../support/server-scene.ts";

/** More than Node lets wait. */
const CONNECTIONS = 700;

const allowed = (): number => {
  try {
    return Number(readFileSync("/proc/sys/net/core/somaxconn", "utf8"));
  } catch {
    return 0;
  }
};

test("all connections that come while the process stands still are taken as soon as it goes on", {
  skip: allowed() < CONNECTIONS && "this system lets fewer connections wait",
}, async (t) => {
  const server = serveHttp({ onRequest: echoPath });
  const { port } = await server.listen("127.0.0.1", 0);
  t.after(() => server.close(0));
  let connected = 0;
  // All in one turn, so the server takes none in between; for one that finds no place the kernel tries again after 1 s.
  const clients = Array.from({ length: CONNECTIONS }, () =>
    connect(port, "127.0.0.1", () => connected++).on("error", () => {}),
  );
  t.after(() => {
    for (const client of clients) client.destroy();
  });
  await turns(100);
  assert.equal(connected, CONNECTIONS);
});
