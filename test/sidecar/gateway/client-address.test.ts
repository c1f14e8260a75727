import assert from "node:assert/strict";
import { test } from "node:test";
import { clientKey, clientOf } from "../../../sidecar/gateway/client-address.ts";

const PEER = "192.0.2.5";

test("the client's address is counted from the end of x-forwarded-for; what anybody may have written counts nothing", () => {
  const cases: [hops: number, written: string[], address: string, forwardedFor: string][] = [
    // Without proxies nobody is believed.
    [0, [], PEER, ""],
    [0, ["203.0.113.1"], PEER, ""],
    [0, ["127.0.0.1, 10.0.0.1"], PEER, ""],
    // One proxy: the last entry is his.
    [1, ["203.0.113.1"], "203.0.113.1", "203.0.113.1"],
    [1, ["6.6.6.6, 203.0.113.1"], "203.0.113.1", "203.0.113.1"],
    [1, ["6.6.6.6", "203.0.113.1"], "203.0.113.1", "203.0.113.1"],
    [1, ["127.0.0.1,203.0.113.1:4711"], "203.0.113.1", "203.0.113.1"],
    [1, ["[2001:db8::1]:443"], "2001:db8::1", "2001:db8::1"],
    [1, ["2001:db8::1"], "2001:db8::1", "2001:db8::1"],
    [1, ["::ffff:203.0.113.1"], "203.0.113.1", "203.0.113.1"],
    // Two: the one before the last is the client, as the first proxy has seen him.
    [2, ["6.6.6.6, 203.0.113.1, 10.0.0.1"], "203.0.113.1", "203.0.113.1, 10.0.0.1"],
    // Who comes past a proxy, or sends what is no address, is known by his connection alone.
    [2, ["203.0.113.1"], PEER, ""],
    [1, [], PEER, ""],
    [1, [""], PEER, ""],
    [1, ["unknown"], PEER, ""],
    [1, ["203.0.113.1, "], PEER, ""],
    [1, ["203.0.113.1.evil.example.com"], PEER, ""],
    [1, ["0x7f.1"], PEER, ""],
    [1, ["127.1"], PEER, ""],
    [1, ["fe80::1%eth0"], PEER, ""],
    [1, ['"203.0.113.1"'], PEER, ""],
    [2, ["203.0.113.1, _hidden"], PEER, ""],
  ];
  for (const [hops, written, address, forwardedFor] of cases)
    assert.deepEqual(clientOf(PEER, written, hops), { address, forwardedFor }, `${hops} ${written}`);
  assert.equal(clientOf("::ffff:192.0.2.5", [], 0).address, PEER);
});

test("limits count an IPv4 address by itself, and an IPv6 address by its /64, however it is written", () => {
  for (const [address, key] of [
    ["192.0.2.5", "192.0.2.5"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:0db8:0001:0002::6", "2001:db8:1:2"],
    ["2001:db8::6", "2001:db8:0:0"],
    ["::1", "0:0:0:0"],
    ["::", "0:0:0:0"],
    ["64:ff9b::192.0.2.1", "64:ff9b:0:0"],
    ["1:2:3:4:5:6:7::", "1:2:3:4"],
  ] as const)
    assert.equal(clientKey(address), key, address);
});
