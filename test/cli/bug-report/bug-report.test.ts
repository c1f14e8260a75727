import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { gather, type Source } from "../../../src/cli/bug-report/gather.ts";
import { sourcesOf } from "../../../src/cli/bug-report/sources.ts";
import { tail } from "../../../src/cli/bug-report/tail.ts";
import { tar } from "../../../src/cli/bug-report/tar.ts";
import { TREES, tracesOf } from "../../../src/cli/bug-report/traces.ts";
import { withoutSecrets } from "../../../src/cli/bug-report/without-secrets.ts";
import { NKey } from "../../../src/identity/keys/nkey.ts";
import { bootstrap } from "../../../src/identity/trust/bootstrap.ts";
import { stateFolder } from "../../support/state.ts";

const JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.c2lnbmF0dXJl";

test("what looks like a secret, or is called one, is replaced; the rest is left as it was", () => {
  const seed = NKey.create("U").seed();
  const pem = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\nabc\n-----END PRIVATE KEY-----";
  for (const [text, shown] of [
    [`seed ${seed} found`, "seed [redacted] found"],
    [`a\n${pem}\nb`, "a\n[redacted]\nb"],
    [`user ${JWT}!`, "user [redacted]!"],
    ["Authorization: Bearer abcdefgh", "Authorization: [redacted]"],
    ['{"password":"x","port":1}', '{"password":"[redacted]","port":1}'],
    ["token = abcdefg, port = 4222", "token = [redacted], port = 4222"],
    ["nats://user:pass@host:4222", "nats://[redacted]host:4222"],
    ["the token of orders ended; public key UABC", "the token of orders ended; public key UABC"],
    ["known-one", "[redacted]"],
  ] as const)
    assert.equal(withoutSecrets(text, ["known-one"]), shown);
});

test("what cannot be had is in the manifest with its reason, and holds nothing up", async () => {
  const sources: Source[] = [
    { name: "a.txt", what: "a", read: () => "text known-one" },
    { name: "b.json", what: "b", read: async () => ({ n: 1 }) },
    { name: "c.json", what: "c", read: () => Promise.reject(new Error("no known-one")) },
    { name: "d.json", what: "d", read: () => new Promise(() => {}) },
  ];
  const { files, manifest } = await gather(sources, ["known-one"], { madeAt: "now", weft: "1" }, 5);
  assert.deepEqual(files, [
    { name: "a.txt", text: "text [redacted]" },
    { name: "b.json", text: '{\n  "n": 1\n}\n' },
  ]);
  assert.deepEqual(
    manifest.files.map(({ name, bytes }) => [name, bytes]),
    [
      ["a.txt", 15],
      ["b.json", 13],
    ],
  );
  assert.deepEqual(
    manifest.missing.map(({ name, why }) => [name, why]),
    [
      ["c.json", "no [redacted]"],
      ["d.json", "no answer within 0.005 s"],
    ],
  );
});

test("where nothing runs, what the state folder knows is gathered", async (t) => {
  const state = stateFolder(t);
  await bootstrap(state);
  const sources = sourcesOf({ state, admins: ["http://127.0.0.1:9"], now: Date.now() });
  const { files, manifest } = await gather(sources, [], { madeAt: "now", weft: "1" });
  const names = files.map(({ name }) => name);
  for (const name of ["versions.json", "machine.json", "check.json", "identities.json", "audit.json"])
    assert.ok(names.includes(name), name);
  const why = Object.fromEntries(manifest.missing.map((one) => [one.name, one.why]));
  assert.match(why["registry/policy.json"]!, /no weft up runs/);
  assert.match(why["sidecars/1/config.json"]!, /does not answer \([\w ]+\)/);
  assert.match(why["registry.log"]!, /ENOENT/);
  assert.equal(new Set([...names, ...Object.keys(why)]).size, sources.length);
});

test("traces are asked for a few at a time, and of one that cannot be had there is the reason", async () => {
  const list = (kind: string) => Array.from({ length: 2 * TREES }, (_, i) => ({ traceId: `${kind}${i}` }));
  let open = 0;
  let most = 0;
  const page = async (path: string): Promise<unknown> => {
    const kind = /kind=(\w+)/.exec(path)?.[1];
    if (kind !== undefined) return { traces: list(kind) };
    most = Math.max(most, ++open);
    await setImmediate();
    open--;
    if (path.endsWith("/slow1")) throw new Error("503 busy");
    return { traceId: path.split("/").at(-1) };
  };
  const { recent, whole } = (await tracesOf(page)) as Record<string, { traceId: string }[]>;
  assert.deepEqual(recent, list("recent"));
  const newest = (kind: string) => list(kind).slice(0, TREES);
  const expected = [...newest("failed"), ...newest("slow")].map((one) =>
    one.traceId === "slow1" ? { ...one, missing: "503 busy" } : one,
  );
  assert.deepEqual(whole, expected);
  assert.ok(most <= 4, `${most} at once leave no places to others`);
});

test("the archive is one that tar reads", (t) => {
  const folder = stateFolder(t);
  mkdirSync(folder, { recursive: true });
  const files = [
    { name: "r/a.txt", text: "a\n" },
    { name: "r/deep/empty.json", text: "" },
    { name: "r/long.txt", text: "ü".repeat(700) },
  ];
  writeFileSync(join(folder, "r.tar"), tar(files, Date.now()));
  try {
    execFileSync("tar", ["-xf", "r.tar"], { cwd: folder });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return t.skip("there is no tar");
    throw error;
  }
  for (const { name, text } of files) assert.equal(readFileSync(join(folder, name), "utf8"), text);
});

test("the end of a log begins with a whole line", (t) => {
  const folder = stateFolder(t);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "x.log");
  writeFileSync(file, "first\nsecond\nthird\n");
  assert.equal(tail(file), "first\nsecond\nthird\n");
  assert.equal(tail(file, 9), "third\n");
});
