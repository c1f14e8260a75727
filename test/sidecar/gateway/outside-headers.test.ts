import assert from "node:assert/strict";
import { test } from "node:test";
import { type OutsideHeadersOptions, outsideHeaders } from "../../../sidecar/gateway/outside-headers.ts";

const block = (...fields: string[]): string => fields.map((field) => `${field}\r\n`).join("");
const client = { address: "192.0.2.5", forwardedFor: "" };
const OWN = ["x-real-ip: 192.0.2.5", "x-forwarded-proto: https", "x-forwarded-host: a.example.com"];
const cleaned = (headers: string, options: Partial<OutsideHeadersOptions> = {}) =>
  outsideHeaders({ trustedHops: 0, continueTraces: false, listener: "https", ...options })(
    headers,
    "a.example.com",
    client,
  );

test("nothing that means something to the mesh, or tells who asks, comes in from outside", () => {
  for (const field of [
    "weft-caller: admin",
    "Weft-Timeout: 1h",
    "WEFT-ANYTHING: 1",
    "weft-: 1",
    "grpc-timeout: 1H",
    "X-Envoy-Expected-Rq-Timeout-Ms: 9",
    "x-envoy-original-path: /admin",
    "X-Forwarded-For: 127.0.0.1",
    "x-forwarded-client-cert: By=spiffe",
    "X-Forwarded-Proto: https",
    "Forwarded: for=127.0.0.1",
    "X-Real-IP: 127.0.0.1",
    "True-Client-IP: 127.0.0.1",
    "X-Forwarded: for=127.0.0.1",
    "CF-Connecting-IP: 127.0.0.1",
    "cf-connecting-ipv6: ::1",
    "Fastly-Client-IP: 127.0.0.1",
    "X-Azure-ClientIP: 127.0.0.1",
    "X-Client-IP: 127.0.0.1",
    "X-Cluster-Client-IP: 127.0.0.1",
    "Fly-Client-IP: 127.0.0.1",
    "X-Envoy-External-Address: 127.0.0.1",
    "X-Appengine-User-IP: 127.0.0.1",
    "CloudFront-Viewer-Address: 127.0.0.1:1",
    "WL-Proxy-Client-IP: 127.0.0.1",
    "Client-Cert: :MIIB:",
    "Front-End-Https: on",
    "Remote-User: admin",
    "X-Remote-User: admin",
    "X-Remote-Group: system:masters",
    "X-Remote-Extra-Scopes: all",
    "X-WEBAUTH-USER: admin",
    "X-Auth-Request-Email: a@b.c",
    "X-Goog-Authenticated-User-Email: a@b.c",
    "X-MS-Client-Principal-Name: admin",
    "Tailscale-User-Login: admin",
    "Cf-Access-Authenticated-User-Email: a@b.c",
    "SSL-Client-Verify: SUCCESS",
    "X-SSL-Client-CN: admin",
    "X-Client-Cert: MIIB",
    "SSL-Client-Cert: MIIB",
    "X-SSL-Client-Cert: MIIB",
    "X-Host: admin.mesh",
    "X-Host-Override: admin.mesh",
    "X-HTTP-Host-Override: admin.mesh",
    "X-ARR-ClientCert: MIIB",
    "X-HTTP-Method-Override: DELETE",
    "X-Original-URL: /admin",
    "X-Rewrite-URL: /admin",
    "Proxy: http://evil.example.com",
    "weft_caller: admin",
    "X_Forwarded_For: 127.0.0.1",
    "x-request-id: chosen",
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "tracestate: a=b",
    "baggage: user=admin",
    "b3: 1",
    "X-B3-TraceId: 1",
  ])
    assert.equal(
      cleaned(block("Host: a.example.com", field, "Accept: */*")),
      block("Host: a.example.com", "Accept: */*", ...OWN),
      field,
    );
});

test("all else stays as it was written, in its order, also what only looks like it", () => {
  const fields = [
    "Host: a.example.com",
    "X-Weft-Thing: 1",
    "Cookie: weft-caller: a_b; c=d",
    "accept:",
    "X-Proxy: 1",
    "X-Client-Id: 1",
    "CF-Ray: 1",
    "CDN-Loop: a",
    "Authorization: Bearer x_y:z",
  ];
  assert.equal(cleaned(block(...fields)), block(...fields, ...OWN));
});

test("behind a proxy that is trusted, its word on scheme, host and request id counts; the last one's, and only when it is one", () => {
  const options = { trustedHops: 1, listener: "http" } as const;
  const sent = block(
    "X-Forwarded-Proto: http, https",
    "X-Forwarded-Host: pub.example.com",
    "X-Request-Id: r1",
  );
  assert.equal(
    cleaned(sent, options),
    block(
      "X-Request-Id: r1",
      "x-real-ip: 192.0.2.5",
      "x-forwarded-proto: https",
      "x-forwarded-host: pub.example.com",
    ),
  );
  const odd = block("x-forwarded-proto: javascript", "x-forwarded-host: a b");
  assert.match(cleaned(odd, options), /x-forwarded-proto: http\r\nx-forwarded-host: a\.example\.com\r\n$/);
});

test("a trace goes on when that is wanted", () => {
  const trace = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  assert.equal(cleaned(block(trace), { continueTraces: true }), block(trace, ...OWN));
});
