import assert from "node:assert/strict";
import { test } from "node:test";
import { mayConnect } from "../../../sidecar/egress/addresses.ts";
import { Resolver } from "../../../sidecar/egress/resolver.ts";
import { blockListOf } from "../../../src/resources/egress.ts";

test("only public addresses are reached by a mere name, in whatever spelling a resolver gives them", () => {
  for (const address of ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8"])
    assert.ok(mayConnect(address, undefined), address);
  for (const address of [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "168.63.129.16",
    "::ffff:168.63.129.16",
    "100.100.100.200",
    "192.0.0.170",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "0:0:0:0:0:0:0:1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "localhost",
    "",
  ])
    assert.ok(!mayConnect(address, undefined), address);
});

test("ranges that a rule names are reached, and nothing else by that rule", () => {
  const ranges = blockListOf(["10.1.0.0/16", "::1/128"]);
  for (const address of ["10.1.2.3", "::ffff:10.1.2.3", "::1"])
    assert.ok(mayConnect(address, ranges), address);
  for (const address of ["10.2.0.1", "1.1.1.1", "127.0.0.1", "::2"])
    assert.ok(!mayConnect(address, ranges), address);
});

test("a name is resolved once for all who ask, and what was looked at is what is given", async () => {
  const answers = [["1.1.1.1"], ["127.0.0.1"]];
  let now = 0;
  let asked = 0;
  const lookup = async () => (answers[asked++] ?? []).map((address) => ({ address, family: 4 }));
  const resolver = new Resolver({ now: () => now, lookup });
  const public1 = await Promise.all(
    [1, 2, 3].map(() => resolver.addresses("rebinding.example.com", undefined)),
  );
  assert.deepEqual(public1[2], [{ address: "1.1.1.1", family: 4 }]);
  assert.equal(asked, 1);
  now = 11_000;
  assert.equal(await resolver.addresses("rebinding.example.com", undefined), "denied", "it is another now");
  now = 22_000;
  assert.equal(await resolver.addresses("rebinding.example.com", undefined), "unknown");
  assert.deepEqual(await resolver.addresses("1.1.1.1", undefined), [{ address: "1.1.1.1", family: 4 }]);
  assert.equal(await resolver.addresses("169.254.169.254", undefined), "denied");
});

test("of several addresses only those are given that may be connected to", async () => {
  const lookup = async () => [
    { address: "fd00::1", family: 6 },
    { address: "10.0.0.1", family: 4 },
    { address: "1.1.1.1", family: 4 },
  ];
  const resolver = new Resolver({ now: () => 0, lookup });
  assert.deepEqual(await resolver.addresses("a.example.com", undefined), [{ address: "1.1.1.1", family: 4 }]);
  const failing = new Resolver({ now: () => 0, lookup: () => Promise.reject(new Error("ENOTFOUND")) });
  assert.equal(await failing.addresses("a.example.com", undefined), "unknown");
});
