import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "../../support/ask.ts";
import { route, routedMesh } from "../../support/routed-mesh.ts";
import { newestServer } from "../../support/servers.ts";
import { lines, wireTo } from "../../support/wire.ts";
import { onPath, refusals, to } from "./cases.ts";

const redirect = (requestRedirect: object) => ({ type: "RequestRedirect", requestRedirect });
const full = (replaceFullPath: string) => ({ path: { type: "ReplaceFullPath", replaceFullPath } });
const prefix = (replacePrefixMatch: string) => ({ path: { type: "ReplacePrefixMatch", replacePrefixMatch } });

/** What is asked of the port, the redirect that is there, and the answer. */
type Case = readonly [asked: string, redirect: object, answer: string];

const onPort80: readonly Case[] = [
  // Status.
  ["/status", prefix("/new"), "302 http://echo.mesh/new"],
  ["/status-301", { statusCode: 301, ...prefix("/new") }, "301 http://echo.mesh/new"],
  ["/status-303", { statusCode: 303, ...prefix("/new") }, "303 http://echo.mesh/new"],
  ["/status-307", { statusCode: 307, ...prefix("/new") }, "307 http://echo.mesh/new"],
  ["/status-308", { statusCode: 308, ...prefix("/new") }, "308 http://echo.mesh/new"],
  // Host.
  ["/host", { hostname: "example.org" }, "302 http://example.org/host"],
  ["/host-status", { hostname: "example.org", statusCode: 301 }, "301 http://example.org/host-status"],
  // Path.
  ["/old/lemon", prefix("/new"), "302 http://echo.mesh/new/lemon"],
  ["/old/", prefix("/new"), "302 http://echo.mesh/new/"],
  ["/strip/lemon", prefix("/"), "302 http://echo.mesh/lemon"],
  ["/strip", prefix("/"), "302 http://echo.mesh/"],
  ["/full/path/of/old", full("/all"), "302 http://echo.mesh/all"],
  ["/path-host/a", { hostname: "example.org", ...prefix("/new") }, "302 http://example.org/new/a"],
  ["/full-host", { hostname: "example.org", ...full("/all") }, "302 http://example.org/all"],
  ["/full-status", { statusCode: 301, ...full("/all") }, "301 http://echo.mesh/all"],
  // The query stays, whatever becomes of the path.
  ["/old/lemon?a=1&b=%2F?", prefix("/new"), "302 http://echo.mesh/new/lemon?a=1&b=%2F?"],
  ["/full?a=1", full("/all"), "302 http://echo.mesh/all?a=1"],
  // Port: that of the scheme is left out.
  ["/port", { port: 8083 }, "302 http://echo.mesh:8083/port"],
  ["/port-host", { port: 8083, hostname: "example.org" }, "302 http://example.org:8083/port-host"],
  ["/port-status", { port: 8083, statusCode: 301 }, "301 http://echo.mesh:8083/port-status"],
  ["/port-80", { port: 80, hostname: "example.org" }, "302 http://example.org/port-80"],
  // Scheme.
  ["/scheme", { scheme: "https" }, "302 https://echo.mesh/scheme"],
  ["/scheme-host", { scheme: "https", hostname: "example.org" }, "302 https://example.org/scheme-host"],
  ["/scheme-status", { scheme: "https", statusCode: 301 }, "301 https://echo.mesh/scheme-status"],
  ["/scheme-443", { scheme: "https", port: 443 }, "302 https://echo.mesh/scheme-443"],
  ["/scheme-8443", { scheme: "https", port: 8443 }, "302 https://echo.mesh:8443/scheme-8443"],
  ["/scheme-80", { scheme: "https", port: 80 }, "302 https://echo.mesh:80/scheme-80"],
  ["/http-443", { scheme: "http", port: 443 }, "302 http://echo.mesh:443/http-443"],
];

/** A port that is not given is the new scheme's, else that of the request. */
const onPort8080: readonly Case[] = [
  ["/old", prefix("/new"), "302 http://echo.mesh:8080/new"],
  ["/host", { hostname: "example.org" }, "302 http://example.org:8080/host"],
  ["/port-80", { port: 80 }, "302 http://echo.mesh/port-80"],
  ["/port-8083", { port: 8083 }, "302 http://echo.mesh:8083/port-8083"],
  ["/scheme", { scheme: "https" }, "302 https://echo.mesh/scheme"],
  ["/scheme-http", { scheme: "http" }, "302 http://echo.mesh/scheme-http"],
];

/** One rule for the first element of each path, in as many routes as it takes: one has 16 rules at most. */
function routesOf(port: number, cases: readonly Case[]): object[] {
  const rules = new Map(
    cases.map(([asked, settings]) => {
      const first = /^\/[^/?]*/.exec(asked)![0];
      return [first, { matches: [onPath(first)], filters: [redirect(settings)] }];
    }),
  );
  const all = [...rules.values()];
  return Array.from({ length: Math.ceil(all.length / 16) }, (_, i) => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: `port-${port}-${i}` },
    spec: {
      parentRefs: [{ group: "", kind: "Service", name: "echo", port }],
      rules: all.slice(i * 16, i * 16 + 16),
    },
  }));
}

test("a redirect answers in place of the service", async (t) => {
  const mesh = await routedMesh(t, { server: newestServer() });
  const { seen } = await mesh.echo("echo");
  const upstreams = [{ service: "echo", host: "127.0.0.1", port: 0 }];
  const shop = await mesh.caller("shop", { upstreams });
  await mesh.apply(...routesOf(80, onPort80), ...routesOf(8080, onPort8080));

  for (const [host, cases] of [
    ["echo.mesh", onPort80],
    ["echo.mesh:8080", onPort8080],
  ] as const)
    for (const [asked, settings, answer] of cases)
      await t.test(`${JSON.stringify(settings)}: ${host}${asked} is answered ${answer}`, async () => {
        const { status, headers, text } = await ask(shop.listen, host, asked);
        assert.equal(`${status} ${headers.location}`, answer);
        assert.equal(headers["weft-error"], undefined, "it is an answer and no error");
        assert.equal(text, "");
      });

  await t.test("two slashes do not make a host of what follows", async () => {
    for (const path of ["/strip//evil.example/x", "/strip///evil.example", "/strip/\\evil.example"]) {
      const { headers } = await ask(shop.listen, "echo.mesh", path);
      assert.equal(new URL(headers.location as string, "http://echo.mesh/a").host, "echo.mesh", path);
    }
  });

  await t.test("the port of the scheme is left out also where the request names it", async () => {
    const { headers } = await ask(shop.listen, "echo.mesh:80", "/old");
    assert.equal(headers.location, "http://echo.mesh/new");
  });

  await t.test("a listener for one service redirects to the host that its client wrote", async () => {
    const { headers } = await ask(shop.upstreams[0]!, "localhost:7001", "/old");
    assert.equal(headers.location, "http://localhost:7001/new");
  });

  await t.test("a client that uses the proxy is redirected by the URL that it asked for", async (t) => {
    const wire = await wireTo(t, shop.listen);
    wire.send(lines("GET http://echo.mesh:8080/old HTTP/1.1", "Host: other.mesh"));
    assert.match(await wire.head(), /^HTTP\/1\.1 302 .*^location: http:\/\/echo\.mesh:8080\/new\r$/ims);
  });

  await t.test("a request with a body is answered, and its connection serves the next", async (t) => {
    const wire = await wireTo(t, shop.listen);
    const body = "x".repeat(50_000);
    wire.send(lines("POST /status-307 HTTP/1.1", "Host: echo.mesh", `Content-Length: ${body.length}`));
    wire.send(body);
    assert.match(await wire.head(), /^HTTP\/1\.1 307 .*^location: http:\/\/echo\.mesh\/new\r$/ims);
    wire.send(lines("HEAD /status-301 HTTP/1.1", "Host: echo.mesh"));
    assert.match(await wire.head(), /^HTTP\/1\.1 301 /);
  });

  await t.test("a filter of a backend redirects the calls that go to it", async () => {
    const where = (first: string, settings: object) => ({
      matches: [onPath(first)],
      backendRefs: to("1", { filters: [redirect(settings)] }),
    });
    await mesh.apply(
      route("echo", [where("/by-backend", full("/all")), where("/by-prefix", prefix("/new"))]),
    );
    for (const [asked, location] of [
      ["/by-backend/a", "http://echo.mesh/all"],
      ["/by-prefix/a", "http://echo.mesh/new/a"],
    ] as const) {
      const { status, headers } = await ask(shop.listen, "echo.mesh", asked);
      assert.equal(`${status} ${headers.location}`, `302 ${location}`);
    }
  });

  await t.test("no app has seen any of these requests", () => assert.deepEqual(seen, []));

  await t.test("what cannot be a location is refused", async (t) => {
    const at = "spec.rules[0].filters[0].requestRedirect";
    const refused: readonly (readonly [settings: object, finding: string])[] = [
      [{ hostname: "evil.example\r\nset-cookie: a=1" }, `invalid-value ${at}.hostname`],
      [{ hostname: "user@evil.example" }, `invalid-value ${at}.hostname`],
      [{ hostname: "*.example.org" }, `invalid-value ${at}.hostname`],
      [full("/a\r\nset-cookie: a=1"), `invalid-value ${at}.path.replaceFullPath`],
      [prefix("/a b"), `invalid-value ${at}.path.replacePrefixMatch`],
      [{ scheme: "javascript" }, `invalid-value ${at}.scheme`],
      [{ statusCode: 200 }, `invalid-value ${at}.statusCode`],
      [{ port: 0 }, `invalid-value ${at}.port`],
    ];
    for (const [settings, finding] of refused)
      await t.test(JSON.stringify(settings), async () =>
        assert.deepEqual(await refusals(mesh, { matches: [onPath("/")], filters: [redirect(settings)] }), [
          finding,
        ]),
      );
  });
});
