import assert from "node:assert/strict";
import { test } from "node:test";
import { CallAsking } from "../../../sidecar/inbound/call-asking.ts";
import { authorize } from "../../../sidecar/policy/authorize.ts";
import { wholeBody } from "../../../sidecar/stack/body.ts";
import { accessOf } from "../../access/scene.ts";
import { aCall } from "../a-call.ts";

function gateOf(authorization: object) {
  const denied: string[] = [];
  const gate = authorize({
    ...{ access: accessOf(authorization), service: "payments", askingOf: new CallAsking().of },
    denied: ({ head }, rule, mode) => denied.push(`${head.caller} ${rule} ${mode}`),
  });
  return { gate, denied };
}

const ofOrders = { name: "secret-name", from: { services: ["orders"] }, to: [{ methods: ["POST"] }] };

test("a call that is denied is refused with 403, and its caller is not told the rule", () => {
  const { gate, denied } = gateOf({
    rules: [ofOrders, { name: "no-web", action: "deny", from: { services: ["web"] } }],
  });
  assert.equal(gate(aCall({ caller: "orders", method: "POST" })), undefined);
  for (const [caller, rule] of [
    ["shop", "(default)"],
    ["web", "no-web"],
  ] as const) {
    const call = aCall({ caller, method: "POST" });
    assert.deepEqual(gate(call), {
      kind: "refused",
      code: "denied",
      message: `payments does not allow this call of ${caller}`,
    });
    assert.equal(call.access, `denied by ${rule}`);
  }
  assert.deepEqual(denied, ["shop (default) enforce", "web no-web enforce"]);
});

test("in shadow it passes, and is told", () => {
  const { gate, denied } = gateOf({ mode: "shadow", rules: [ofOrders] });
  const call = aCall({ caller: "orders", method: "GET" });
  assert.equal(gate(call), undefined);
  assert.equal(call.access, "shadow: denied by (default)");
  assert.deepEqual(denied, ["orders (default) shadow"]);
});

test("rules look at what the app gets: path, header lines, upgrade, and the claims that were verified", () => {
  const { gate } = gateOf({
    rules: [
      {
        name: "it",
        to: [
          {
            paths: [{ value: "/a" }],
            headers: [
              { name: "Upgrade", value: "websocket" },
              { name: "X-A", value: "1" },
            ],
          },
        ],
        claims: [{ name: "sub" }],
      },
    ],
  });
  const head = { path: "/a/b?c", headers: "x-a: 1\r\n", upgrade: "websocket" };
  const call = aCall(head);
  assert.equal(gate(call)?.code, "denied");
  call.claims = { sub: "u" };
  assert.equal(gate(call), undefined);
  // What a layer would have the next hop read is not what this app gets.
  call.path = "/other";
  assert.equal(gate(call), undefined);
  for (const other of [{ upgrade: undefined }, { headers: "X-A: 1\r\nX-A: 2\r\n" }, { path: "/a;x" }]) {
    const call = aCall({ ...head, ...other });
    call.claims = { sub: "u" };
    assert.equal(gate(call)?.code, "denied", JSON.stringify(other));
  }
});

test("a field that a rule looks at does not come in as a trailer, when the call is allowed", () => {
  const trailers = "X-Role: admin\r\nx_role: admin\r\nX-Sum: 1\r\n";
  const posted = () => aCall({ method: "POST", body: wholeBody(Buffer.from("a"), "until-end", trailers) });
  const to = [{ headers: [{ name: "x-role", value: "admin" }] }];
  const call = posted();
  assert.equal(
    gateOf({ default: "allow", rules: [{ name: "it", action: "deny", to }] }).gate(call),
    undefined,
  );
  assert.equal(call.head.body.trailers, "X-Sum: 1\r\n");
  const other = posted();
  const methods = [{ methods: ["DELETE"] }];
  gateOf({ default: "allow", rules: [{ name: "it", action: "deny", to: methods }] }).gate(other);
  assert.equal(other.head.body.trailers, trailers);
});
