import assert from "node:assert/strict";
import type { X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { credsText, parseCreds } from "../../src/identity/keys/creds-file.ts";
import { accountJwt, claimsIn } from "../../src/identity/keys/jwt.ts";
import { writeSecret } from "../../src/identity/keys/secret-files.ts";
import { certificatesIn } from "../../src/identity/keys/tls-key.ts";
import type { LedgerEntry } from "../../src/identity/records/ledger.ts";
import { auditFolder, openLedger } from "../../src/identity/records/records.ts";
import { verifyAudit } from "../../src/identity/records/verify-audit.ts";
import { bootstrap } from "../../src/identity/trust/bootstrap.ts";
import { changeMeshAccount, operatorKey } from "../../src/identity/trust/mesh-account.ts";
import { oldLimits } from "../../src/identity/trust/old-limits.ts";
import { PART_NAMES, partFolder } from "../../src/identity/trust/parts.ts";
import { loadRoots } from "../../src/identity/trust/roots.ts";
import { ROTATION_KINDS, type RotationKind, readRotation } from "../../src/identity/trust/rotation/record.ts";
import { type RotateOptions, type RunningMesh, rotate } from "../../src/identity/trust/rotation/rotate.ts";
import { accountFile, trustNow } from "../../src/identity/trust/trust-now.ts";
import { stateFolder } from "../support/state.ts";

const HOUR_MS = 3_600_000;

const entry = (instance: string): LedgerEntry => ({
  ...{ service: "orders", instance, version: "1", nkey: `U${instance.toUpperCase()}`, address: "127.0.0.1" },
  ...{ enrolledAt: 0, issuedAt: 0, admittedBy: "token t" },
  ...{ jwtExpiresAt: Date.now() + HOUR_MS, certExpiresAt: Date.now() + 24 * HOUR_MS },
});

/** A mesh of one instance that renews when it is asked to; what happens is written down. */
function scene(t: TestContext, { renews = true }: { renews?: boolean } = {}) {
  const state = stateFolder(t);
  const log: string[] = [];
  const mesh: RunningMesh = {
    ownBrokers: false,
    async takeUp(round) {
      log.push(`take up ${round}`);
      await bootstrap(state);
    },
    async tellAccount() {
      log.push(`account ${claimsIn(loadRoots(state).accounts.MESH.jwt).nats.signing_keys?.length}`);
    },
    async askRenewal(issuedBefore) {
      log.push("renew");
      const ledger = openLedger(state);
      if (renews) ledger.issued({ ...ledger.find("orders", "i1")!, issuedAt: issuedBefore });
    },
    seen: async () => ({ present: new Set(["orders/i1"]), connected: [] }),
  };
  let now = Date.now();
  const options: RotateOptions = {
    ...{ stateDir: state, mesh, patienceMs: 3000, leaveBehind: false, brokersDone: false },
    now: () => now,
    alone: (change) => change(),
    async pause(ms) {
      now += ms;
    },
    tell: (line) => log.push(line),
  };
  const start = async () => {
    await bootstrap(state);
    openLedger(state).issued(entry("i1"));
  };
  return { state, log, options, start };
}

/** All secrets and certificates fit each other: what a start of everything would find. */
async function assertWhole(state: string): Promise<void> {
  const trust = await bootstrap(state);
  const roots = loadRoots(state);
  const operator = claimsIn(trust.operatorJwt).sub;
  for (const { jwt, name } of trust.accounts) assert.equal(claimsIn(jwt).iss, operator, name);
  const signingKeys = claimsIn(roots.accounts.MESH.jwt).nats.signing_keys!;
  assert.ok(signingKeys.includes(roots.signer("MESH").publicKey));
  for (const part of PART_NAMES) {
    const folder = partFolder(state, part);
    const read = (file: string) => readFileSync(join(folder, file), "utf8");
    const [leaf, intermediate] = certificatesIn(read("tls.crt")) as [X509Certificate, X509Certificate];
    assert.ok(leaf.verify(intermediate.publicKey));
    assert.ok(certificatesIn(read("ca.crt")).some((root) => intermediate.verify(root.publicKey)));
    const { iss, nats } = claimsIn(parseCreds(read("user.creds"))!.jwt);
    const account = trust.accounts.find(({ publicKey }) => publicKey === nats.issuer_account)!;
    const named = [account.publicKey, ...(claimsIn(account.jwt).nats.signing_keys ?? [])];
    assert.ok(named.includes(iss), part);
  }
}

class Killed extends Error {}

/** The options of a process that dies at its nth contact with the world outside of the trust folder. */
function mortal(options: RotateOptions, dieAt: number): RotateOptions {
  let contacts = 0;
  const mesh = options.mesh;
  const dying =
    <A extends unknown[], R>(act: (...args: A) => R) =>
    (...args: A): R => {
      if (++contacts === dieAt) throw new Killed();
      return act(...args);
    };
  return {
    ...options,
    now: dying(options.now),
    tell: dying(options.tell),
    mesh: {
      ownBrokers: false,
      takeUp: dying(mesh.takeUp),
      tellAccount: dying(mesh.tellAccount),
      askRenewal: dying(mesh.askRenewal),
      seen: dying(mesh.seen),
    },
  };
}

const facts = (state: string) => {
  const roots = loadRoots(state);
  return {
    ca: roots.issuingRoot,
    "signing-key": roots.signer("MESH").publicKey,
    operator: claimsIn(roots.operatorJwt).sub,
  };
};

for (const kind of ROTATION_KINDS)
  test(`a rotation of ${kind} that dies at any point leaves the trust whole, and the next run ends it`, async (t) => {
    const { state, options, start } = scene(t);
    await start();
    const before = facts(state);
    let deaths = 0;
    for (let dieAt = 1; dieAt < 50; dieAt++)
      try {
        // One that has died is run again, and dies a little later.
        await rotate(kind, mortal(options, dieAt));
        break;
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        deaths++;
        await assertWhole(state);
      }
    assert.ok(readRotation(state)!.endedAt && deaths > 2, `${deaths} deaths`);
    await assertWhole(state);
    const after = facts(state);
    for (const fact of ROTATION_KINDS)
      assert.equal(after[fact] === before[fact], fact !== kind, `${fact} changed with ${kind}`);
    assert.deepEqual(leftOver(state, kind), []);
    assert.equal(verifyAudit(auditFolder(state)).broken, undefined);

    // And once more, from where the first one has left it.
    await rotate(kind, options);
    await assertWhole(state);
    assert.notEqual(facts(state)[kind], after[kind]);
    assert.deepEqual(leftOver(state, kind), []);
  });

/** Files in the trust folder that only a rotation under way needs. */
function leftOver(state: string, kind: RotationKind): string[] {
  const { ca, operator, trusted } = trustNow(state);
  assert.deepEqual(trusted, [ca], kind);
  const names = readdirSync(join(state, "trust"), { recursive: true, encoding: "utf8" });
  const wanted = new Set(["mesh", "now.json", "rotation.json", "accounts", ca, operator]);
  return names.filter((name) => !wanted.has(name.split("/")[0]!) || name.includes("next"));
}

test("both roots are trusted before the new one issues, and the old one goes when everybody has renewed", async (t) => {
  const { state, log, options, start } = scene(t);
  await start();
  const first = loadRoots(state).issuingRoot;
  await rotate("ca", {
    ...options,
    mesh: {
      ...options.mesh,
      async takeUp() {
        const { rootCa, issuingRoot } = loadRoots(state);
        const by = issuingRoot === first ? "old" : "new";
        log.push(`trusted: ${certificatesIn(rootCa).length}, issued by the ${by}`);
      },
    },
  });
  assert.deepEqual(
    log.filter((line) => /^(trusted|renew)/.test(line)),
    [
      ...["trusted: 2, issued by the old", "renew"],
      ...["trusted: 2, issued by the new", "renew"],
      ...["trusted: 1, issued by the new", "renew"],
    ],
  );
});

test("who does not renew is named, and left behind only when that is asked for", async (t) => {
  const { state, log, options, start } = scene(t, { renews: false });
  await start();
  await assert.rejects(rotate("ca", options), {
    name: "RotationWaits",
    message: "1 instances have not renewed: orders/i1",
    cure: /--leave-behind: they will not trust what comes next/,
  });
  assert.deepEqual(trustNow(state).trusted, ["ca", "ca-2"], "nothing was dropped");
  await assert.rejects(rotate("operator", options), {
    message: /a rotation of ca is under way, at step 2 of 5/,
  });
  await rotate("ca", { ...options, leaveBehind: true });
  assert.ok(log.some((line) => line.includes("goes on without orders/i1")));
  assert.deepEqual(trustNow(state).trusted, ["ca-2"]);
});

test("brokers of the user's own are changed by him: each such step waits for his word", async (t) => {
  const { options, start } = scene(t);
  await start();
  const own = { ...options, mesh: { ...options.mesh, ownBrokers: true } };
  const waits = { name: "RotationWaits", cure: /signal reload.*weft rotate ca --continue/ };
  // A word that was given before anybody asked for it says nothing.
  await assert.rejects(rotate("ca", { ...own, brokersDone: true }), waits);
  await assert.rejects(rotate("ca", own), waits);
  for (const _ of ["issue", "drop"]) await assert.rejects(rotate("ca", { ...own, brokersDone: true }), waits);
  await rotate("ca", { ...own, brokersDone: true });
  await assert.rejects(rotate("operator", own), { cure: /weft broker config.*one after the other/ });
  await rotate("operator", { ...own, brokersDone: true });
});

test("a revocation in the middle of a rotation, and one from before, are still there after it", async (t) => {
  const { state, options, start } = scene(t);
  await start();
  const revoke = (nkey: string) =>
    changeMeshAccount(state, operatorKey(state), (account) => ({
      ...account,
      revocations: { ...account.revocations, [nkey]: 1 },
    }));
  await revoke("UBEFORE");
  for (const kind of ["signing-key", "operator"] as const)
    await rotate(kind, {
      ...options,
      mesh: { ...options.mesh, takeUp: async () => void (await revoke(`U${kind.toUpperCase()}`)) },
    });
  const { revocations } = claimsIn(loadRoots(state).accounts.MESH.jwt).nats;
  assert.deepEqual(Object.keys(revocations!).sort(), ["UBEFORE", "UOPERATOR", "USIGNING-KEY"]);
});

test("an operator's seed that is kept elsewhere is used there, and the new one takes its place", async (t) => {
  const { state, options, start } = scene(t);
  await start();
  const vault = join(stateFolder(t), "vault");
  mkdirSync(vault, { mode: 0o700 });
  const operatorSeed = join(vault, "operator.seed");
  renameSync(join(state, "trust", "operator", "operator.seed"), operatorSeed);
  for (const kind of ["signing-key", "operator"] as const)
    await assert.rejects(rotate(kind, options), {
      name: "OperatorAwayError",
      message: /--operator-seed FILE/,
    });
  await rotate("signing-key", { ...options, operatorSeed }).catch((error) => assert.fail(error));
  const before = readFileSync(operatorSeed, "utf8");
  await rotate("operator", { ...options, operatorSeed });
  assert.notEqual(readFileSync(operatorSeed, "utf8"), before);
  assert.equal(operatorKey(state, operatorSeed).publicKey, claimsIn(loadRoots(state).operatorJwt).sub);
  assert.deepEqual(readdirSync(vault), ["operator.seed"]);
  assert.equal(existsSync(join(state, "trust", "operator-2", "operator.seed")), false);
});

test("what has limits of an earlier version is told, and renewed by a start or a rotation", async (t) => {
  const { state, options, start } = scene(t);
  await start();
  assert.deepEqual(oldLimits(state), { accounts: [], users: [] });
  const operator = operatorKey(state);
  const { MESH } = loadRoots(state).accounts;
  const old = await accountJwt(operator, { name: "MESH", account: MESH.publicKey, connections: 65_536 });
  writeSecret(accountFile(state, trustNow(state).operator, "MESH"), old);
  const file = join(partFolder(state, "registry"), "user.creds");
  const { jwt, key } = parseCreds(readFileSync(file, "utf8"))!;
  const claims = claimsIn(jwt);
  const more = Buffer.from(JSON.stringify({ ...claims, nats: { ...claims.nats, subs: -1 } }));
  writeSecret(file, credsText({ jwt: jwt.replace(/\..*\./, `.${more.toString("base64url")}.`), key }));
  assert.deepEqual(oldLimits(state), { accounts: ["MESH"], users: ["registry"] });
  assert.deepEqual((await bootstrap(state)).made, ["registry"]);
  assert.deepEqual(oldLimits(state), { accounts: ["MESH"], users: [] });
  await rotate("operator", options);
  assert.deepEqual(oldLimits(state), { accounts: [], users: [] });
});
