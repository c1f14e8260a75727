import assert from "node:assert/strict";
import { test } from "node:test";
import { CheckedTokens, tokenId } from "../../src/bearer/checked-tokens.ts";
import { readKeySet } from "../../src/bearer/key-set.ts";
import { signingKey } from "../support/token-issuer.ts";

const keys = readKeySet({ keys: [signingKey("k").jwk] });
const kept = (provider: string, until = 1000) => ({ verdict: { provider, claims: {} }, until, keys });
const yes = () => true;

test("a token that was found good is known until it ends, or its key is no longer used", () => {
  const tokens = new CheckedTokens(10);
  tokens.add("t", kept("a"));
  assert.equal(tokens.get("t", 999, yes)?.provider, "a");
  assert.equal(tokens.get("t", 1000, yes), undefined);
  assert.equal(tokens.size, 0);
  tokens.add("t", kept("a"));
  assert.equal(
    tokens.get("t", 0, () => false),
    undefined,
  );
});

test("the number kept is bounded: the one that was not used for longest goes first", () => {
  const tokens = new CheckedTokens(3);
  for (const id of ["1", "2", "3"]) tokens.add(id, kept(id));
  tokens.get("1", 0, yes);
  tokens.add("4", kept("4"));
  assert.equal(tokens.size, 3);
  assert.equal(tokens.get("2", 0, yes), undefined);
  for (const id of ["1", "3", "4"]) assert.equal(tokens.get(id, 0, yes)?.provider, id);
});

test("a token is kept under its hash, from which it cannot be had", () => {
  assert.equal(tokenId("abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
});
