import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ask } from "../../support/ask.ts";
import { joined } from "../../support/joined.ts";
import { testApp } from "../../support/mesh.ts";
import { FREE_PORTS, soon, Weft } from "../weft.ts";

const SECRETS = { authorization: "Bearer s3cret", cookie: "sid=s3cret", "x-api-key": "s3cret" };

/** One on each line. */
const objects = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

test("weft tap shows live calls as lines, as JSON and as an archive, narrowed and without secrets, and ends by itself", async (t) => {
  const weft = new Weft();
  t.after(() => weft.close());
  await weft.start(["up", ...FREE_PORTS]);
  const { authority } = JSON.parse(readFileSync(join(weft.state, "up.json"), "utf8"));
  const mesh = { state: weft.state, authority: authority.url };
  const app = await testApp(t, (request, response) => {
    response.statusCode = request.url === "/cart/13" ? 503 : 200;
    response.setHeader("content-type", "text/plain").setHeader("set-cookie", "sid=s3cret");
    request.resume().once("end", () => response.end("an answer of some length"));
  });
  const [web, mobile] = await Promise.all([
    joined(t, mesh, "web"),
    joined(t, mesh, "mobile"),
    joined(t, mesh, "orders", { app: { host: app.host, port: app.port } }),
  ]);

  const taps = await Promise.all([
    weft.spawn(["tap", "orders", "--from", "web", "--where", "status >= 500", "--calls", "2"]),
    weft.spawn(["tap", "orders", "--path", "/cart/*", "--body", "9", "-o", "json", "--calls", "3"]),
    weft.spawn(["tap", "orders", "--from", "mobile", "-o", "har", "--for", "5s"]),
  ]);
  await soon(() =>
    taps.every((tap) => /tapping orders as/.test(tap.stderr()) || tap.child.exitCode !== null),
  );
  let ended = false;
  const done = Promise.all(taps.map((tap) => tap.done)).finally(() => {
    ended = true;
  });
  while (!ended) {
    const call = (from: string, path: string, options = {}) =>
      ask(from, "orders.mesh", path, { headers: SECRETS, ...options });
    await Promise.all([
      call(web.listen, "/cart/7?token=s3cret", { method: "POST", body: "what was sent" }),
      call(web.listen, "/cart/13"),
      call(web.listen, "/other"),
      call(mobile.listen, "/cart/8"),
    ]);
  }
  const [lines, json, har] = await done;
  for (const { code, stdout, stderr } of [lines!, json!, har!]) {
    assert.equal(code, 0, stderr);
    assert.match(stderr, /\d+ calls shown of \d+, from 1 sidecar/);
    assert.doesNotMatch(stdout, /s3cret/);
  }

  const rows = lines!.stdout.trim().split("\n");
  assert.equal(rows.length, 3, lines!.stdout);
  assert.match(rows[0]!, /^TIME +METHOD +STATUS +DURATION +CALL +INSTANCE +PATH$/);
  for (const row of rows.slice(1))
    assert.match(row, /^\d\d:\d\d:\d\d\.\d{3} +GET +503 +\S+ ms +web -> orders +\w+ +\/cart\/13/);

  const calls = objects(json!.stdout);
  assert.equal(calls.length, 3);
  for (const { path, response } of calls) {
    assert.match(path, /^\/cart\/\d+$/);
    const { text, cut } = response.body;
    assert.deepEqual([text, cut], ["an answer", true]);
  }
  const hidden = calls[0].request.headers.filter(([name]: string[]) => name!.toLowerCase() in SECRETS);
  assert.deepEqual(
    hidden.map(([, value]: string[]) => value),
    ["[redacted]", "[redacted]", "[redacted]"],
  );

  const { log } = JSON.parse(har!.stdout);
  assert.equal(log.version, "1.2");
  assert.ok(log.entries.length > 0);
  for (const { request, _weft } of log.entries)
    assert.deepEqual([request.url, _weft.caller], ["http://orders.mesh/cart/8", "mobile"]);

  const written = objects((await weft.run(["audit", "list", "-o", "json"])).stdout);
  assert.deepEqual(
    written
      .filter(({ event }) => event === "tap")
      .map(({ service, where }) => `${service}: ${where}`)
      .sort(),
    ["orders: caller == mobile", "orders: caller == web && (status >= 500)", "orders: path ~ '/cart/*'"],
  );
  assert.equal((await weft.run(["audit", "verify"])).code, 0);

  const nobody = await weft.run(["tap", "nosuch", "--for", "1s"]);
  assert.match(
    nobody.stderr,
    /nosuch has no sidecar now \(there are mobile, orders, web\): its calls show once/,
  );
  assert.equal(nobody.code, 0);
});
