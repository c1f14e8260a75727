import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

/** Who may import whom. First match of the importing file decides; a folder may always import from itself. */
const RULES: readonly (readonly [from: string, allowed: readonly string[]])[] = [
  ["src/subjects", []],
  ["src/protocol", []],
  ["src/telemetry", []],
  // Tokens of issuers outside the mesh, checked alike for end users (a sidecar) and for workloads (the authority).
  ["src/bearer", ["src/protocol"]],
  ["src/bus", ["src/subjects"]],
  ["src/resources", ["src/protocol", "src/subjects"]],
  ["src/routing", ["src/resources", "src/protocol", "src/subjects"]],
  ["src/access", ["src/routing", "src/resources", "src/protocol", "src/subjects"]],
  [
    "src/control",
    [
      "src/registry",
      "src/identity",
      "src/bus",
      "src/resources",
      "src/routing",
      "src/access",
      "src/subjects",
      "src/protocol",
      "src/telemetry",
    ],
  ],
  ["src/identity", ["src/bus", "src/bearer", "src/resources", "src/subjects", "src/protocol"]],
  ["src/registry", ["src/bus", "src/subjects", "src/protocol"]],
  ["sidecar/stack", ["src/protocol", "src/subjects"]],
  ["sidecar/policy", ["sidecar/stack", "src/protocol", "src/access"]],
  ["sidecar/breaker", ["sidecar/stack", "src/protocol", "src/resources"]],
  ["sidecar/balance", ["sidecar/stack", "sidecar/breaker", "src/protocol", "src/resources", "src/registry"]],
  ["sidecar/http", ["sidecar/stack", "src/protocol"]],
  ["sidecar/exchange", ["sidecar/stack", "src/protocol"]],
  ["sidecar/observe", ["sidecar/stack", "sidecar/http", "src/protocol", "src/telemetry", "src/control"]],
  ["sidecar/life", ["src/registry"]],
  ["sidecar/admin", ["src/telemetry"]],
  ["sidecar/outbound", ["sidecar", "src"]],
  ["sidecar/inbound", ["sidecar", "src"]],
  ["sidecar", ["sidecar", "src"]],
  ["broker", ["src/subjects", "src/identity", "src/bus"]],
  // What runs in a browser has nothing of ours but itself, and what the codes mean.
  ["src/dashboard/pages", ["src/protocol"]],
  ["src/dashboard", ["src"]],
  ["src/cli", ["src", "sidecar", "broker", "bench"]],
  ["src/demo", ["src", "sidecar", "broker", "bench"]],
  ["bench", ["src", "sidecar", "broker"]],
];

/** Roots: they may import, and nobody imports them. */
const ROOTS: readonly (readonly [to: string, importers: readonly string[]])[] = [
  ["src/cli", ["src/cli", "src/demo"]],
  ["src/demo", ["src/cli", "src/demo"]],
  ["src/dashboard/pages", ["src/dashboard/pages"]],
  ["src/dashboard", ["src/dashboard", "src/cli"]],
  ["src/setup", ["src/setup"]],
  // The registry's process is put together in src/control, which knows both.
  ["src/control", ["src/control", "src/cli", "src/demo", "src/setup", "sidecar", "bench"]],
  ["bench", ["bench", "src/cli", "src/demo"]],
  ["test", ["test"]],
];

/** Packages that only some folders may import: everything else goes through them. */
const PACKAGES: readonly (readonly [name: RegExp, folders: readonly string[]])[] = [
  [/^(?:nats|@nats-io\/(?:nats-core|kv|jetstream|services))$/, ["src/bus", "bench"]],
  [/^@nats-io\/(?:jwt|nkeys)$/, ["src/identity"]],
  [/^jose(?:\/|$)/, ["src/bearer"]],
  [/^@opentelemetry\//, ["sidecar/observe"]],
  [/^prom-client$/, ["src/telemetry"]],
  [/^(?:preact|uplot|diff$|@dagrejs\/)/, ["src/dashboard/pages"]],
];

interface Import {
  readonly file: string;
  readonly to: string;
}

const imports = (): Import[] => {
  const found: Import[] = [];
  for (const top of ["src", "sidecar", "broker", "bench"])
    for (const name of readdirSync(top, { recursive: true, encoding: "utf8" })) {
      if (!/\.tsx?$/.test(name)) continue;
      const file = join(top, name);
      const text = readFileSync(file, "utf8");
      for (const [, to] of text.matchAll(
        /(?:^|[\s}])from\s+"([^"]+)";|import\(\s*"([^"]+)"\s*\)|^import "([^"]+)";/gm,
      )) {
        const target = to ?? "";
        if (target !== "") found.push({ file, to: target });
      }
    }
  return found;
};

const isIn = (file: string, folder: string): boolean => file.startsWith(`${folder}/`);

const allowed = ({ file, to }: Import): boolean => {
  if (!to.startsWith(".")) {
    const rule = PACKAGES.find(([name]) => name.test(to));
    return rule === undefined || rule[1].some((folder) => isIn(file, folder));
  }
  const target = normalize(join(dirname(file), to));
  const root = ROOTS.find(([folder]) => isIn(target, folder));
  if (root && !root[1].some((folder) => isIn(file, folder))) return false;
  const outbound = isIn(file, "sidecar/outbound") && isIn(target, "sidecar/inbound");
  const inbound = isIn(file, "sidecar/inbound") && isIn(target, "sidecar/outbound");
  if (outbound || inbound) return false;
  const [from, folders] = RULES.find(([folder]) => isIn(file, folder)) ?? ["", ["src", "sidecar", "broker"]];
  return [from, ...folders].some((folder) => isIn(target, folder));
};

test("every file imports only what the layering allows", () => {
  const found = imports();
  assert.ok(found.length > 100, "the imports are found at all");
  const broken = found.filter((one) => !allowed(one)).map(({ file, to }) => `${file} imports ${to}`);
  assert.deepEqual(broken, []);
});

test("no file is longer than can be read in one breath", () => {
  const long: string[] = [];
  for (const top of ["src", "sidecar", "broker", "bench", "test"])
    for (const name of readdirSync(top, { recursive: true, encoding: "utf8" })) {
      if (!/\.(?:tsx?|mjs|py|css)$/.test(name)) continue;
      const lines = readFileSync(join(top, name), "utf8").split("\n").length;
      if (lines > 301) long.push(`${join(top, name)}: ${lines} lines`);
    }
  assert.deepEqual(long, []);
});
