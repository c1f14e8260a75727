import assert from "node:assert/strict";
import { test } from "node:test";
import { FetchedKeys } from "../../src/bearer/fetched-keys.ts";
import { TokenChecker } from "../../src/bearer/token-checker.ts";
import { FakeClock, turns } from "../support/fake-clock.ts";
import { type SigningKey, signingKey, tokenOf } from "../support/token-issuer.ts";

const MINUTE = 60_000;
const old = signingKey("old");
const fresh = signingKey("fresh");

/** An issuer that publishes what a test says, its keys in a sidecar, and a checker of its tokens. */
async function scene({ maxStaleMs = 60 * MINUTE } = {}) {
  const clock = new FakeClock();
  const said: string[] = [];
  const issuer = { keys: [old.jwk] as unknown[], away: false, asked: 0 };
  const keys = new FetchedKeys({
    ...{ clock, random: () => 0.5, refreshMs: 5 * MINUTE, maxStaleMs },
    say: (_, message) => said.push(message),
    fetch: async () => {
      issuer.asked++;
      if (issuer.away) throw new Error("it cannot be reached");
      return { keys: issuer.keys };
    },
  });
  await turns();
  const rules = {
    issuer: "https://a",
    audiences: ["orders"],
    algorithms: ["ES256"] as const,
    clockSkewMs: 0,
  };
  const checker = new TokenChecker({
    providers: [{ name: "a", ...rules, keys }],
    unix: () => clock.unix(),
    keep: 10,
  });
  const token = (key: SigningKey, kid = key.kid) =>
    tokenOf(key, { iss: "https://a", aud: "orders", exp: clock.unix() / 1000 + 86_400 }, { kid });
  const check = async (text: string) => (await checker.check(text)).problem ?? "accepted";
  return { clock, issuer, keys, said, token, check };
}

test("keys are fetched at once and again and again, and a key that is withdrawn takes its tokens along", async () => {
  const { clock, issuer, keys, token, check } = await scene();
  const text = token(old);
  assert.equal(await check(text), "accepted");
  assert.equal(issuer.asked, 1);
  issuer.keys = [fresh.jwk];
  await clock.run(5 * MINUTE + 100, MINUTE);
  assert.equal(issuer.asked, 2);
  assert.ok(keys.ageMs()! < MINUTE);
  assert.equal(await check(text), "key");
  assert.equal(await check(token(fresh)), "accepted");
});

test("a token that names a new key has the keys fetched at once", async () => {
  const { clock, issuer, token, check } = await scene();
  await clock.run(MINUTE, MINUTE);
  issuer.keys = [old.jwk, fresh.jwk];
  assert.equal(await check(token(fresh)), "accepted");
  assert.equal(issuer.asked, 2);
});

test("a flood of made-up key names costs the issuer one question in 30 s, and good tokens nothing", async () => {
  const { clock, issuer, token, check } = await scene();
  const good = token(old);
  await clock.run(MINUTE, MINUTE);
  const flood = (from: number) =>
    Promise.all(Array.from({ length: 50 }, (_, i) => check(token(fresh, `made-up-${from + i}`))));
  assert.deepEqual(new Set(await flood(0)), new Set(["key"]));
  assert.equal(issuer.asked, 2);
  await clock.run(29_000, 1000);
  await flood(100);
  assert.equal(issuer.asked, 2);
  assert.equal(await check(good), "accepted");
  await clock.run(1000, 1000);
  await flood(200);
  assert.equal(issuer.asked, 3);
});

test("while the issuer is away its keys stay good until maxStale, and it is asked with pauses that grow", async () => {
  const { clock, issuer, said, token, check } = await scene();
  const text = token(old);
  issuer.away = true;
  await clock.run(59 * MINUTE, 10_000);
  assert.equal(await check(text), "accepted");
  assert.deepEqual(said, ["the keys cannot be had, the last ones are used on: it cannot be reached"]);
  // After 5 minutes with 1, 2, 4, 8, 16 and then 30 s between.
  assert.ok(issuer.asked > 100 && issuer.asked < 125, String(issuer.asked));
  await clock.run(2 * MINUTE, 10_000);
  assert.equal(await check(text), "issuer-away");
  issuer.away = false;
  await clock.run(MINUTE, 10_000);
  assert.equal(await check(text), "accepted");
  assert.equal(said.at(-1), "the keys are had again");
});

test("an issuer that was away at the start is waited for by nobody, and its first answer helps at once", async () => {
  const clock = new FakeClock();
  let answer: ((value: unknown) => void) | undefined;
  const keys = new FetchedKeys({
    ...{ clock, random: () => 0.5, refreshMs: MINUTE, maxStaleMs: MINUTE, say: () => {} },
    fetch: () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  });
  // The first question is under way: whoever comes now waits for it, not for one of its own.
  const waiting = keys.newer();
  answer!({ keys: [old.jwk] });
  assert.equal((await waiting)?.size, 1);
});

for (const [what, bad] of [
  ["no list of keys", { keys: "none" }],
  ["null", null],
  ["an empty list", { keys: [] }],
  ["only a shared secret", { keys: [{ kty: "oct", k: "AAAA" }] }],
  ["too many keys", { keys: Array.from({ length: 65 }, () => old.jwk) }],
] as const)
  test(`an answer with ${what} does not replace the keys that there are`, async () => {
    const { clock, issuer, said, token, check } = await scene();
    issuer.keys = bad === null ? (undefined as unknown as unknown[]) : (bad.keys as unknown[]);
    await clock.run(6 * MINUTE, MINUTE);
    assert.equal(await check(token(old)), "accepted");
    assert.match(said[0] ?? "", /the last ones are used on: it (?:is not|has)/);
  });
