import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Account, decode, type User } from "@nats-io/jwt";
import { startAuthority } from "../../src/identity/authority/authority.ts";
import { parseCreds } from "../../src/identity/keys/creds-file.ts";
import { certificatesIn } from "../../src/identity/keys/tls-key.ts";
import { enrol } from "../../src/identity/member/enrol.ts";
import { localToken } from "../../src/identity/member/request-token.ts";
import { bootstrap, PART_LIFE_MS } from "../../src/identity/trust/bootstrap.ts";
import { PART_NAMES, partFolder } from "../../src/identity/trust/parts.ts";
import { stateFolder } from "../support/state.ts";

const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesUnder(join(folder, entry.name)) : [join(folder, entry.name)],
  );
const everything = (folder: string): string =>
  filesUnder(folder)
    .sort()
    .map((file) => file + readFileSync(file, "utf8"))
    .join();

test("the first start makes everything, the second changes nothing and has the same trust", async (t) => {
  const state = stateFolder(t);
  const first = await bootstrap(state, { mesh: "shop" });
  assert.deepEqual(first.made, ["trust", "broker", "routes", "authority", ...PART_NAMES]);
  const before = everything(state);
  const second = await bootstrap(state);
  assert.deepEqual(second, { ...first, made: [] });
  assert.equal(everything(state), before);
  assert.equal(second.mesh, "shop");
});

test("every file is its owner's alone and every folder too", async (t) => {
  const state = stateFolder(t);
  await bootstrap(state);
  for (const file of filesUnder(state)) assert.equal(statSync(file).mode & 0o777, 0o600, file);
  const folders = (path: string): string[] =>
    readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap((entry) => [join(path, entry.name), ...folders(join(path, entry.name))]);
  for (const folder of folders(state)) assert.equal(statSync(folder).mode & 0o777, 0o700, folder);
});

test("a secret that others can read is refused with the cure", async (t) => {
  const state = stateFolder(t);
  await bootstrap(state);
  const file = join(partFolder(state, "registry"), "user.creds");
  chmodSync(file, 0o644);
  await assert.rejects(bootstrap(state), {
    name: "SecretFileError",
    message: new RegExp(`chmod 600 ${file}`),
  });
});

test("a start that is cut off leaves nothing half made: the next one begins anew and tidies up", async (t) => {
  const state = stateFolder(t);
  const draft = join(state, "trust-draft-abc");
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(join(draft, "mesh"), "half", { mode: 0o600 });
  const trust = await bootstrap(state);
  assert.equal(trust.mesh, "mesh");
  assert.equal(existsSync(draft), false);
});

test("what can be made again is made again, what cannot is named with the cure", async (t) => {
  const state = stateFolder(t);
  const first = await bootstrap(state);
  rmSync(join(partFolder(state, "registry"), "tls.crt"));
  rmSync(join(state, "broker", "server.key"));
  rmSync(join(partFolder(state, "admin"), "user.creds"));
  const second = await bootstrap(state);
  assert.deepEqual(second.made, ["broker", "registry", "admin"]);
  assert.deepEqual(second.accounts, first.accounts);
  rmSync(join(state, "trust", "accounts", "MESH.jwt"));
  await assert.rejects(bootstrap(state), /MESH\.jwt is missing: restore .* or remove /);
});

test("two first starts at once end with one trust", async (t) => {
  const state = stateFolder(t);
  const [a, b] = await Promise.all([bootstrap(state), bootstrap(state)]);
  assert.equal(a.pin, b.pin);
  assert.equal(a.systemAccount, b.systemAccount);
  assert.equal((await bootstrap(state)).pin, a.pin);
});

test("another mesh's name is refused for a folder that has one", async (t) => {
  const state = stateFolder(t);
  await bootstrap(state, { mesh: "shop" });
  await assert.rejects(bootstrap(state, { mesh: "other" }), /belongs to the mesh "shop"/);
});

test("certificates and users are renewed past half their life, their keys stay", async (t) => {
  const state = stateFolder(t);
  const now = Date.now();
  await bootstrap(state, { now });
  const seed = () =>
    parseCreds(readFileSync(join(partFolder(state, "system"), "user.creds"), "utf8"))!.key.seed();
  const before = seed();
  assert.deepEqual((await bootstrap(state, { now: now + PART_LIFE_MS * 0.49 })).made, []);
  const later = await bootstrap(state, { now: now + PART_LIFE_MS * 0.51 });
  assert.deepEqual(later.made, ["broker", "routes", "authority", ...PART_NAMES]);
  assert.equal(seed(), before);
});

test("a further host name gets into the server certificates", async (t) => {
  const state = stateFolder(t);
  await bootstrap(state);
  const { tls, made } = await bootstrap(state, { hosts: ["nats.example.org", "10.1.2.3"] });
  assert.deepEqual(made, ["broker", "routes", "authority"]);
  const leaf = certificatesIn(readFileSync(tls.certFile, "utf8"))[0]!;
  for (const name of ["nats.mesh", "localhost", "nats.example.org"]) assert.ok(leaf.checkHost(name), name);
  for (const address of ["127.0.0.1", "::1", "10.1.2.3"]) assert.ok(leaf.checkIP(address), address);
});

test("only REG has JetStream, nobody has bearer tokens or leaf nodes, and no user may allow_responses", async (t) => {
  const state = stateFolder(t);
  const trust = await bootstrap(state);
  for (const { name, jwt } of trust.accounts) {
    const { limits } = decode<Account>(jwt).nats;
    assert.equal(Boolean(limits?.disk_storage || limits?.mem_storage), name === "REG", name);
    assert.equal(limits?.disallow_bearer, true);
    assert.equal(limits?.leaf, 0);
  }
  for (const part of PART_NAMES) {
    const creds = parseCreds(readFileSync(join(partFolder(state, part), "user.creds"), "utf8"))!;
    const claims = decode<User>(creds.jwt);
    assert.equal(claims.nats.resp, undefined, part);
    assert.equal(claims.sub, creds.key.publicKey);
  }
});

test("the operator's key, the account's own and the root's may be kept elsewhere: nothing daily needs them", async (t) => {
  const state = stateFolder(t);
  await bootstrap(state, { now: Date.now() - PART_LIFE_MS * 0.6 });
  for (const key of ["operator/operator.seed", "accounts/MESH.seed", "ca/root.key"])
    rmSync(join(state, "trust", key));
  const later = await bootstrap(state);
  assert.deepEqual(later.made, ["broker", "routes", "authority", ...PART_NAMES]);
  const authority = await startAuthority({ stateDir: state, host: "127.0.0.1", port: 0, brokers: [] });
  t.after(() => authority.close());
  await enrol(await localToken(state, "orders", authority.url), { version: "1" });
});
