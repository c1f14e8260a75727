import assert from "node:assert/strict";
import { test } from "node:test";
import { createAccount, createOperator, createUser, fromPublic, fromSeed } from "@nats-io/nkeys";
import { NKey, verifiedBy } from "../../src/identity/keys/nkey.ts";

const data = Buffer.from("nonce");

test("keys, seeds and signatures are those of the published NKey library", () => {
  for (const [kind, create] of [
    ["O", createOperator],
    ["A", createAccount],
    ["U", createUser],
  ] as const) {
    const theirs = create();
    const ours = NKey.fromSeed(Buffer.from(theirs.getSeed()).toString());
    assert.equal(ours.kind, kind);
    assert.equal(ours.publicKey, theirs.getPublicKey());
    assert.equal(ours.seed(), Buffer.from(theirs.getSeed()).toString());
    assert.ok(verifiedBy(kind, ours.publicKey, data, theirs.sign(data)));

    const made = NKey.create(kind);
    assert.equal(fromSeed(Buffer.from(made.seed())).getPublicKey(), made.publicKey);
    assert.ok(fromPublic(made.publicKey).verify(data, made.sign(data)));
  }
});

test("a signature counts for its data, its key and its kind of key only", () => {
  const [one, other] = [NKey.create("U"), NKey.create("U")];
  assert.ok(!verifiedBy("U", other.publicKey, data, one.sign(data)));
  assert.ok(!verifiedBy("U", one.publicKey, Buffer.from("other"), one.sign(data)));
  assert.ok(!verifiedBy("A", one.publicKey, data, one.sign(data)));
  assert.ok(!verifiedBy("U", "U".repeat(56), data, one.sign(data)));
  assert.ok(!verifiedBy("U", one.publicKey, data, Buffer.alloc(3)));
});

test("a damaged seed is refused without being repeated", () => {
  const seed = NKey.create("U").seed();
  const damaged = seed.slice(0, 20) + (seed[20] === "A" ? "B" : "A") + seed.slice(21);
  assert.throws(
    () => NKey.fromSeed(damaged),
    (error: Error) => error.name === "NKeyError" && !error.message.includes(damaged),
  );
});
