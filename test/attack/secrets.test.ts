import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { parseJoinToken } from "../../src/identity/member/join-token.ts";
import { bootstrap } from "../../src/identity/trust/bootstrap.ts";
import { app, FREE_PORTS, soon, Weft } from "../cli/weft.ts";

/** What `weft up` is given in its environment, and is to keep from all that it starts. */
const GIVEN = { WEFT_TOKEN: "a-token-given-to-weft-up-only", WEFT_ADMIN_TOKEN: "an-admin-token-for-it-only" };

const inState = new Weft({ WEFT_DEBUG: "1" });
const { state, folder } = inState;
const reports = join(folder, "reports");
const env = {
  WEFT_STATE: state,
  WEFT_DEBUG: "1",
  NODE_OPTIONS: `--report-on-signal --report-dir=${reports}`,
};
const mesh = new Weft({ ...env, ...GIVEN });
const member = new Weft(env);
/** Is given its token in its environment. */
let given: Weft | undefined;
/** All that was said: to whoever started it, and in its answers. */
const said: string[] = [];
/** Of tokens, which no file has. */
const tokens: string[] = [];

const filesIn = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes("lock")) // these come and go
    .map((entry) => join(entry.parentPath, entry.name));

/** Seeds, private keys, what proves a user, the admin token: everything in the state folder that nobody should see. */
function secretsKept(): string[] {
  const kept = filesIn(state)
    .filter((file) => !file.includes("/nats-server.conf") && !file.includes("/broker/j"))
    .flatMap((file) => {
      const text = readFileSync(file, "utf8").replaceAll("\\n", "\n");
      const keys = text.match(/-----BEGIN (?:\w+ )?PRIVATE KEY-----[^-]+/g) ?? [];
      return [
        ...(text.match(/\bS[OAUX][A-Z2-7]{56}\b/g) ?? []),
        ...keys.flatMap((key) => key.split("\n").filter((line) => /^[\w+/=]{20,}$/.test(line))),
        ...(file.endsWith("admin-token") ? [text.trim()] : []),
        ...(/creds$|sidecars/.test(file) ? (text.match(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g) ?? []) : []),
      ];
    });
  return [...new Set(kept)];
}

const secrets = (): string[] => [
  ...[...secretsKept(), ...tokens, ...tokens.map((token) => parseJoinToken(token).secret)],
  ...Object.values(GIVEN),
];

/** A third of a secret is too much, too. */
function assertClean(text: string, where: string): void {
  for (const secret of secrets())
    for (const part of [0, 1, 2].map((third) => {
      const length = Math.max(16, Math.ceil(secret.length / 3));
      return secret.slice(Math.min(third * length, secret.length - length), (third + 1) * length);
    }))
      assert.ok(!text.includes(part), `${where} has a secret in it: ${part.slice(0, 4)}…`);
  assert.doesNotMatch(text, /\bS[OAUX][A-Z2-7]{56}\b|PRIVATE KEY/, where);
}

/** The processes of this mesh: those that know its state folder. */
function processes(): { pid: number; argv: string; environ: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, "utf8");
        const environ = read("environ");
        if (!environ.includes(state)) return [];
        return [{ pid: Number(pid), argv: read("cmdline").replaceAll("\0", " "), environ }];
      } catch {
        return []; // it has ended, or is somebody else's
      }
    });
}

/** Admin listeners of sidecars. */
const admins: string[] = [];
const own = new Set<number>();
async function say(weft: Weft, args: readonly string[], stdin?: string): Promise<string> {
  const { stdout, stderr } = await weft.run(args, stdin);
  said.push(stderr, args[0] === "token" ? "" : stdout);
  return stdout;
}

before(async () => {
  mkdirSync(reports);
  const up = await mesh.start(["up", ...FREE_PORTS]);
  own.add(up.pid);
  for (const service of ["orders", "shop", "bad"])
    tokens.push((await say(member, ["token", service])).trim());
  writeFileSync(join(folder, "token"), tokens[0]!, { mode: 0o600 });
  const token = ["--token-file", join(folder, "token")];
  const orders = await member.start(["sidecar", "orders", "--listen", "127.0.0.1:0", ...token]);
  const identity = ["--identity", join(state, "sidecars", "shop")];
  given = new Weft({ ...env, WEFT_TOKEN: tokens[1]! });
  const command = [
    "run",
    "shop",
    "--version",
    "1",
    "--port",
    "0",
    ...identity,
    "--",
    ...app("(q, r) => r.end()"),
  ];
  const shop = await given.start(command);
  own.add(shop.pid);
  said.push(up.stdout(), orders.stdout(), shop.stderr());
  const registry = /registry +(\S+)/.exec(up.stdout())![1]!;
  const adminToken = readFileSync(join(state, "registry", "admin-token"), "utf8").trim();
  const audit = () =>
    filesIn(join(state, "authority", "audit"))
      .filter((file) => file.endsWith(".jsonl"))
      .map((file) => readFileSync(file, "utf8"));
  const renewed = () =>
    audit()
      .join("")
      .match(/"event":"renew/g);
  const before = renewed()?.length ?? 0;
  const asked = await fetch(`${registry}/v1/renewals`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
    body: JSON.stringify({ issuedBefore: Date.now() + 1000, withinMs: 0 }),
  });
  assert.ok(asked.ok, await asked.text());
  await soon(() => (renewed()?.length ?? 0) > before);
  for (const path of ["/v1/health", "/v1/services", "/v1/policies", "/metrics", "/v1/nothing"])
    said.push(await (await fetch(registry + path)).text());
  admins.push(...[orders, shop].map(({ ready }) => /admin=(\S+)/.exec(ready)![1]!));
  for (const url of admins)
    for (const page of ["/config", "/metrics", "/endpoints", "/ready", "/nothing"])
      said.push(await (await fetch(`${url}${page}`)).text());
});
after(async () => {
  await Promise.all([member.close(), given?.close()]);
  await mesh.close();
  await inState.close();
});

test("there are secrets to look for: of operator, accounts, users, certificates, identities, tokens", () => {
  const found = secretsKept();
  for (const kind of ["SO", "SA", "SU", "eyJ"])
    assert.ok(
      found.some((secret) => secret.startsWith(kind)),
      kind,
    );
  assert.ok(found.length > 20);
  assert.throws(() => assertClean(`x${tokens[0]}`, "x"), /has a secret in it/);
});

test("no secret is in a command line, nor in the environment of a process that was not given it", (t) => {
  if (process.platform !== "linux") return t.skip("there is no /proc");
  const found = processes();
  for (const word of ["up", "authority", "registry", "sidecar", "run", "nats-server", "createServer"])
    assert.ok(
      found.some(({ argv }) => argv.includes(word)),
      word,
    );
  for (const { pid, argv, environ } of found) {
    assertClean(argv, argv);
    if (!own.has(pid)) assertClean(environ, `the environment of ${argv}`);
  }
});

test("no log, no page, no line that a program prints has a secret in it", () => {
  const logs = filesIn(state).filter((file) => /\.log$|\.jsonl$|up\.json$/.test(file));
  for (const part of ["nats-server.log", "authority.log", "registry.log", "1.jsonl"])
    assert.ok(
      logs.some((file) => file.endsWith(part)),
      part,
    );
  for (const file of logs) assertClean(readFileSync(file, "utf8"), file);
  assertClean(said.join("\n"), "what was said");
});

test("a report for others has no secret in it, neither of files nor of what was said", async () => {
  const file = join(folder, "report.tar.gz");
  await say(mesh, ["bug-report", "-o", file, ...admins.flatMap((url) => ["--sidecar", url])]);
  const report = gunzipSync(readFileSync(file)).toString("latin1");
  for (const name of [
    "manifest.json",
    "nats-server.conf",
    "authority.log",
    "registry/policy.json",
    "audit.json",
  ])
    assert.ok(report.includes(name), name);
  assert.match(report, /sidecars\/2\/config\.json/);
  assert.match(report, /"missing": \[\]/);
  assertClean(report, "the report");
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test("a process that crashes leaves no secret in its report", async () => {
  const { authority, registry, up } = JSON.parse(readFileSync(join(state, "up.json"), "utf8"));
  const pids = [authority.pid, registry.pid, up.pid, ...own];
  for (const pid of new Set(pids)) process.kill(pid, "SIGUSR2");
  const written = () => readdirSync(reports).filter((file) => statSync(join(reports, file)).size > 0);
  const whole = (file: string) => readFileSync(join(reports, file), "utf8").trimEnd().endsWith("}");
  await soon(() => written().length >= new Set(pids).size && written().every(whole));
  for (const file of written()) assertClean(readFileSync(join(reports, file), "utf8"), file);
});

test("an error about a damaged or wrong secret does not repeat it", async () => {
  const errors: string[] = [];
  const half = tokens[2]!.slice(0, -20);
  for (const bad of [half, tokens[0]!, `${half.slice(0, -4)}AAAA${tokens[2]!.slice(-20)}`])
    await say(member, ["sidecar", "bad", "--listen", "127.0.0.1:0", "--token-file", "-"], bad);
  const copy = join(folder, "copy");
  const damaged = filesIn(state).filter((file) => /\.(seed|key|creds)$|trust.*\.jwt$/.test(file));
  assert.ok(damaged.length > 10);
  cpSync(state, copy, { recursive: true, filter: (path) => !/broker\/j|\.lock/.test(path) });
  for (const file of damaged) {
    const there = file.replace(state, copy);
    truncateSync(there, Math.floor(statSync(there).size / 2));
    await bootstrap(copy).catch((error: Error) => errors.push(`${error.message}\n${error.stack}`));
    cpSync(file, there, { force: true });
  }
  assert.ok(errors.length > 3, `${errors.length} of ${damaged.length} damages were noticed`);
  assertClean(errors.join("\n"), "errors of damaged files");
  assertClean(said.join("\n"), "what was said");
});

test("all that is in the state folder is its owner's alone", (t) => {
  if (process.platform === "win32") return t.skip("modes mean nothing there");
  const open = [state, ...readdirSync(state, { recursive: true }).map((name) => join(state, String(name)))]
    .filter((path) => (statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077)
    .map((path) => path.slice(state.length));
  // nats-server makes its log itself; the folder keeps others out.
  assert.deepEqual(
    open.filter((path) => !/^\/broker\/nats-server.*log/.test(path)),
    [],
  );
});
