import assert from "node:assert/strict";
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { NKey } from "../../src/identity/keys/nkey.ts";
import { app, FREE_PORTS, type Running, soon, Weft } from "./weft.ts";

const weft = new Weft();
let orders: Running;
before(async () => {
  await weft.start(["up", ...FREE_PORTS]);
  orders = await weft.start([
    ...["run", "orders", "--version", "1", "--port", "0", "--"],
    ...app("(q, r) => r.end('here')"),
  ]);
  await weft.start(["run", "other", "--version", "1", "--port", "0", "--", ...app("(q, r) => r.end()")]);
});
after(() => weft.close());

interface Listed {
  readonly instance: string;
  readonly state: string;
  readonly admittedBy: string;
}

const listed = async (...more: string[]): Promise<Listed[]> =>
  JSON.parse((await weft.run(["identities", "orders", "-o", "json", ...more])).stdout) as Listed[];

test("who was let in is listed, and the audit log tells of it and is whole", async () => {
  const [one, ...more] = await listed();
  assert.deepEqual([one!.state, more.length], ["good", 0]);
  assert.match(one!.admittedBy, /^token [0-9a-f]{12}$/);
  assert.match(
    (await weft.run(["identities"])).stdout,
    /^orders +1 +[0-9a-f]{12} +good +\d+s +\d+s ago +23h59m +token [0-9a-f]{12} +127\.0\.0\.1$/m,
  );
  const verified = await weft.run(["audit", "verify"]);
  assert.match(verified.stdout, /^ok: \d+ entries\nhead [0-9a-f]{64}\n$/);
  const head = verified.stdout.trim().split(" ").at(-1)!;
  assert.equal((await weft.run(["audit", "verify", "--head", head])).code, 0);
  assert.match((await weft.run(["audit", "list"])).stdout, /enrolled {2}service=orders/);
});

test("an instance that is revoked is cut off by one command; without the operator's key that says what is still to be done", async () => {
  const [{ instance }] = (await listed()) as [Listed];
  assert.equal((await weft.run(["call", "orders", "/"])).stdout, "here");
  const seed = join(weft.state, "trust", "operator", "operator.seed");
  const elsewhere = join(weft.folder, "operator.seed");
  renameSync(seed, elsewhere);
  const half = await weft.run(["revoke", `orders/${instance}`]);
  assert.equal(half.code, 1);
  assert.match(half.stderr, /brokers were not told.*\n.*--operator-seed FILE/);
  assert.match(orders.stderr(), /^(?!.*revoked)/s);
  for (const more of [[], ["--all"]]) assert.equal((await listed(...more))[0]!.state, "half-revoked");
  const check = await weft.run(["check"]);
  assert.equal(check.code, 1);
  assert.match(
    check.stdout,
    new RegExp(`^fail +revocations +the brokers were not told that orders/${instance}`, "m"),
  );

  const foreign = join(weft.folder, "foreign.seed");
  writeFileSync(foreign, NKey.create("O").seed(), { mode: 0o600 });
  const refused = await weft.run(["revoke", "shop", "--operator-seed", foreign]);
  assert.deepEqual([refused.code, refused.stdout], [1, ""]);
  assert.match(refused.stderr, /seed of another operator/);
  assert.equal((await listed())[0]!.state, "half-revoked");

  const [other] = JSON.parse((await weft.run(["identities", "other", "-o", "json"])).stdout) as [Listed];
  const whole = await weft.run(["revoke", `other/${other.instance}`, "--operator-seed", elsewhere]);
  assert.deepEqual([whole.code, whole.stderr], [0, ""]);
  assert.match(whole.stdout, new RegExp(`also told of orders/${instance}`));
  assert.match(whole.stdout, /cut off whoever was there/);
  await soon(() => /the broker is away: .*revoked/i.test(orders.stderr()));
  assert.match((await weft.run(["check"])).stdout, /^ok +revocations/m);
  assert.deepEqual(await listed(), []);
  assert.equal((await listed("--all"))[0]!.state, "revoked");
  assert.match((await weft.run(["call", "orders", "/"])).stderr, /no-instance/);
});

test("what is no instance, no state folder and no whole audit log is told", async () => {
  const unknown = await weft.run(["revoke", "orders/nobody"]);
  assert.deepEqual([unknown.code, /knows no orders\/nobody/.test(unknown.stderr)], [1, true]);
  const misspelt = await weft.run(["revoke", "odrers"]);
  assert.deepEqual([misspelt.code, /is it spelt right/.test(misspelt.stderr)], [1, true]);
  assert.equal(misspelt.stdout, "", "nothing that sounds like success");
  const nowhere = await weft.run(["identities", "--state", join(weft.folder, "nowhere")]);
  assert.deepEqual([nowhere.code, /is not the state folder of a mesh/.test(nowhere.stderr)], [1, true]);
  const folder = join(weft.state, "authority", "audit");
  const file = join(folder, readdirSync(folder).find((name) => name.endsWith(".jsonl"))!);
  writeFileSync(file, readFileSync(file, "utf8").replace('"service":"orders"', '"service":"evil"'));
  const broken = await weft.run(["audit", "verify"]);
  assert.deepEqual([broken.code, /changed after it was written/.test(broken.stderr)], [1, true]);
});
