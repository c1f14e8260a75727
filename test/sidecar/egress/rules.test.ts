import assert from "node:assert/strict";
import { test } from "node:test";
import { EgressRules, outsideOf } from "../../../sidecar/egress/rules.ts";
import type { Egress } from "../../../src/resources/egress.ts";

const PORTS = [443, 80];
const rules = (hosts: Partial<Egress["hosts"][number]>[], byDefault: Egress["default"] = "deny") =>
  new EgressRules({ default: byDefault, hosts: hosts.map((one) => ({ host: "", ports: PORTS, ...one })) });

test("hosts are read in their usual spellings, and addresses in no other than theirs", () => {
  for (const [authority, host, port] of [
    ["api.example.com:443", "api.example.com", 443],
    ["API.Example.com.", "api.example.com", 80],
    ["203.0.113.7:8080", "203.0.113.7", 8080],
    ["[2001:db8::1]:443", "2001:db8::1", 443],
    ["my_service.internal", "my_service.internal", 80],
    ["1password.com", "1password.com", 80],
  ] as const)
    assert.deepEqual(outsideOf(authority, 80), { host, port });
  for (const odd of [
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "127.1",
    "127.0.1",
    "017700000001",
    "0177.0.0.1",
    "127.0.0.01",
    "256.256.256.256",
    "1.2.3.4.5",
    "a.0x7f",
    "",
    ".",
    ":80",
    "example.com:0",
    "example.com:65536",
    "[fe80::1%25eth0]:80",
    "[127.0.0.1]:80",
    "127.0.0.1.",
    "[::1.]:80",
    ".wild.test",
    "a..wild.test",
    "wild.test..",
    "[]",
    `${"a.".repeat(200)}com`,
  ])
    assert.equal(typeof outsideOf(odd, 80), "string", odd);
  assert.equal(typeof outsideOf("example.com", 0), "string", "a tunnel needs a port");
});

test("a rule is found by host, port and method; the narrower pattern counts alone, and nothing is the default", () => {
  const some = rules([
    { host: "api.example.com", ports: [443] },
    { host: "*.example.com", methods: ["GET"] },
    { host: "*.eu.example.com" },
    { host: "203.0.113.7" },
  ]);
  const found = (host: string, port = 443, method = "GET") => {
    const rule = some.find({ host, port }, method);
    return typeof rule === "string" ? undefined : rule.name;
  };
  assert.equal(found("api.example.com"), "api.example.com");
  assert.equal(found("api.example.com", 80), undefined, "a wider rule does not help");
  assert.equal(found("www.example.com"), "*.example.com");
  assert.equal(found("www.example.com", 443, "CONNECT"), undefined);
  assert.equal(found("a.eu.example.com", 80, "POST"), "*.eu.example.com");
  assert.equal(found("example.com"), undefined);
  assert.equal(found("badexample.com"), undefined);
  assert.equal(found("api.example.com.evil.org"), undefined);
  assert.equal(found("203.0.113.7"), "203.0.113.7");
  assert.equal(found("203.0.113.8"), undefined);
  assert.match(String(some.find({ host: "evil.org", port: 443 }, "GET")), /no rule of egress\.hosts/);

  const open = rules([{ host: "api.example.com", ports: [8443] }], "allow");
  assert.deepEqual(open.find({ host: "any.org", port: 443 }, "CONNECT"), { name: "*", ranges: undefined });
  assert.equal(typeof open.find({ host: "any.org", port: 22 }, "CONNECT"), "string");
  assert.equal(typeof open.find({ host: "api.example.com", port: 443 }, "GET"), "string");
});
