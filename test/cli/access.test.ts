import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { until } from "../support/until.ts";
import { FREE_PORTS, Weft } from "./weft.ts";

const weft = new Weft();
const POLICY = `apiVersion: weft.dev/v1
kind: MeshPolicy
metadata: { name: mesh }
spec: { authorization: { default: deny, mode: shadow } }
---
apiVersion: weft.dev/v1
kind: ServicePolicy
metadata: { name: payments }
spec:
  authorization:
    rules:
      - { name: no-admin, action: deny, to: [{ paths: [{ value: /admin }] }] }
      - name: charging
        from: { services: [orders] }
        to: [{ methods: [POST], paths: [{ type: Exact, value: /charge }], headers: [{ name: x-team, value: a }] }]
      - { name: staff, from: { services: [web] }, mode: shadow }
---
apiVersion: weft.dev/v1
kind: ServicePolicy
metadata: { name: accounts }
spec:
  authentication:
    exempt: [/healthz]
    providers: [{ name: login, issuer: https://login.test, audiences: [shop], jwks: { uri: https://login.test/keys } }]
  authorization:
    rules: [{ name: shopping, from: { services: [web] } }]
`;

before(async () => {
  await weft.start(["up", ...FREE_PORTS]);
  writeFileSync(join(weft.folder, "access.yaml"), POLICY);
  const { code, stderr } = await weft.run(["apply", "-f", "access.yaml", "--allow-unknown"]);
  assert.equal(code, 0, stderr);
});
after(() => weft.close());

test("weft authz lists who may call what, by which rule", async () => {
  const { stdout, code } = await weft.run(["authz", "payments"]);
  const rows = stdout.trim().split("\n");
  assert.equal(code, 0);
  assert.deepEqual(
    rows.map((row) => row.split(/ {2,}/)),
    [
      ["CALLER", "BROKER", "ACTION", "CALLS", "RULE", "MODE"],
      ["orders", "sends", "deny", "/admin/*", "no-admin", "enforce"],
      ["", "allow", "POST /charge, header x-team=a", "charging", "enforce"],
      ["", "deny", "anything else", "(default)", "enforce"],
      ["web", "refused", "deny", "/admin/*", "no-admin", "enforce"],
      ["", "allow", "anything", "staff", "shadow"],
      ["", "deny", "anything else", "(default)", "enforce"],
      ["(any other)", "refused", "deny", "/admin/*", "no-admin", "enforce"],
      ["", "deny", "anything else", "(default)", "enforce"],
    ],
  );
  const json = JSON.parse((await weft.run(["authz", "payments", "-o", "json"])).stdout);
  assert.deepEqual(json.callers[2].caller, null);
  assert.deepEqual(json.callers[0].rules[1], {
    ...{ verdict: "allow", rule: "charging", what: "POST /charge, header x-team=a", mode: "enforce" },
  });
});

test("weft can-i answers with the rule, and by its exit code", async () => {
  for (const [args, code, said] of [
    [
      ["orders", "POST", "payments/charge", "--header", "X-Team=a"],
      0,
      "yes: payments allows it by charging\n",
    ],
    [["orders", "POST", "payments/charge"], 1, "no: payments denies it by (default)\n"],
    [["orders", "GET", "payments/Admin/x"], 1, "no: payments denies it by no-admin\n"],
    [
      ["orders", "POST", "payments//charge", "--header", "x-team=a"],
      1,
      "no: payments denies it by (ambiguous request)\n",
    ],
    [
      ["web", "GET", "payments"],
      1,
      "no: payments denies it by (default); the broker takes nothing of web for it\n",
    ],
    [["web", "GET", "accounts/x"], 0, "yes, with a token of an end user: accounts allows it by shopping\n"],
    [["web", "GET", "accounts/healthz"], 0, "yes: accounts allows it by shopping\n"],
    [["orders", "GET", "nobody/x"], 2, ""],
    [["orders", "GET", "No Name/x"], 2, ""],
    [["orders", "GET", "payments/x", "--header", "a"], 2, ""],
  ] as const) {
    const answer = await weft.run(["can-i", ...args]);
    assert.deepEqual([answer.code, answer.stdout], [code, said], `${args.join(" ")}: ${answer.stderr}`);
  }
  const { stdout } = await weft.run(["can-i", "orders", "GET", "payments/x", "-o", "json"]);
  assert.deepEqual(JSON.parse(stdout), {
    ...{ caller: "orders", method: "GET", callee: "payments", path: "/x" },
    ...{ allowed: false, rule: "(default)", needsToken: false, maySend: true },
  });
});

test("weft up tells its authority, and get lists the policy of the mesh, which can be deleted", async () => {
  await until(async () => {
    const { stdout } = await weft.run(["get", "sidecars", "-o", "json"]);
    return JSON.parse(stdout).authority.kind === "told";
  });
  assert.match(
    (await weft.run(["get", "meshpolicies"])).stdout,
    /^NAME.*\nmesh \(MeshPolicy\) +authorization +1 /,
  );
  assert.match((await weft.run(["get", "policies"])).stdout, /^mesh \(MeshPolicy\) +authorization +1 /m);
  const all = JSON.parse((await weft.run(["get", "policies", "-o", "json"])).stdout) as {
    resource: { kind: string };
  }[];
  assert.equal(all.at(-1)!.resource.kind, "MeshPolicy");
  const { stdout } = await weft.run(["delete", "meshpolicy", "mesh"]);
  assert.equal(stdout, "MeshPolicy mesh deleted\nrevision 2\n");
});
