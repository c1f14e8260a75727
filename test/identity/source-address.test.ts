import assert from "node:assert/strict";
import { test } from "node:test";
import { cidrProblem, refuseElsewhere } from "../../src/identity/authority/source-address.ts";

const isFrom = (address: string, ...cidrs: string[]): boolean => {
  try {
    refuseElsewhere(cidrs, address);
    return true;
  } catch {
    return false;
  }
};

test("an address is told by its range, however the socket spells it", () => {
  for (const address of ["10.1.2.3", "::ffff:10.1.2.3", "::FFFF:10.255.255.255"])
    assert.ok(isFrom(address, "10.0.0.0/8"), address);
  for (const address of [
    "11.0.0.0",
    "::ffff:11.0.0.0",
    "::1",
    "fd00::1",
    "::10.1.2.3",
    "::ffff:0:10.1.2.3",
    "",
    "x",
  ])
    assert.ok(!isFrom(address, "10.0.0.0/8"), address);
  assert.ok(isFrom("fd00::1", "10.0.0.0/8", "fd00::/8"));
  assert.ok(isFrom("fe80::1%eth0", "fe80::/10"));
  assert.ok(isFrom("10.9.9.9", "10.1.2.3/8"));
  assert.ok(isFrom("::1", "::1/128"));
  assert.ok(!isFrom("::2", "::1/128"));
  assert.ok(!isFrom("127.0.0.1", "::/0"));
  assert.ok(isFrom("::ffff:1.2.3.4", "0.0.0.0/0"));
  assert.ok(isFrom("1.2.3.4"), "no range is any address");
});

test("what is refused says from where, and that the token is still good", () => {
  assert.throws(() => refuseElsewhere(["10.0.0.0/8", "fd00::/8"], "::ffff:192.0.2.7"), {
    code: "token-elsewhere",
    message: "the token is not for use from 192.0.2.7, only from 10.0.0.0/8, fd00::/8",
    cure: /still good/,
  });
});

const isCidr = (text: string): boolean => cidrProblem(text) === undefined;

test("only ranges in their one spelling are taken", () => {
  for (const good of ["10.0.0.0/8", "0.0.0.0/0", "1.2.3.4/32", "fd00::/8", "::/0", "::1/128"])
    assert.ok(isCidr(good), good);
  for (const bad of [
    "10.0.0.0",
    "10.0.0.0/33",
    "10.0.0/8",
    "fd00::/129",
    "/8",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "10.0.0.0/8 ",
  ])
    assert.ok(!isCidr(bad), bad);
  for (const bad of ["::ffff:10.0.0.0/104", "localhost/8", "010.0.0.0/8", "fe80::%eth0/10"])
    assert.ok(!isCidr(bad), bad);
});

test("a range with bits behind its prefix is refused, with what may have been meant", () => {
  for (const [written, range, one] of [
    ["10.1.2.3/8", "10.0.0.0/8", "10.1.2.3/32"],
    ["10.0.0.129/25", "10.0.0.128/25", "10.0.0.129/32"],
    ["1.2.3.4/0", "0.0.0.0/0", "1.2.3.4/32"],
    ["fd00::1/8", "fd00::/8", "fd00::1/128"],
    ["2001:db8:0:ff00::/54", "2001:db8:0:fc00::/54", "2001:db8:0:ff00::/128"],
    ["::1/0", "::/0", "::1/128"],
  ])
    assert.equal(
      cidrProblem(written!),
      `${written!.replace(/\/.*/, "")} is not where that range begins: write ${range} for all of it, or ${one} for that address alone`,
    );
  for (const good of ["10.0.0.128/25", "2001:DB8::/32", "fd00:0:0:0:0:0:0:0/8", "::102:304/127"])
    assert.equal(cidrProblem(good), undefined, good);
});
