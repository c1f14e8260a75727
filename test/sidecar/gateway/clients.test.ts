import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { ClientRates, Clients } from "../../../sidecar/gateway/clients.ts";

const from = (remoteAddress: string): Socket =>
  Object.assign(new EventEmitter(), { remoteAddress }) as Socket;

test("connections are counted for all and for each client, until they close", () => {
  const clients = new Clients(3, 2, undefined);
  const first = from("192.0.2.1");
  assert.ok(clients.admit(first));
  assert.ok(clients.admit(from("192.0.2.1")));
  assert.ok(!clients.admit(from("192.0.2.1")), "two of one client");
  assert.ok(clients.admit(from("2001:db8::1")));
  assert.ok(!clients.admit(from("192.0.2.9")), "three of all");
  first.emit("close");
  assert.equal(clients.connections, 2);
  assert.ok(clients.admit(from("192.0.2.1")));
});

test("each client has a rate of its own, whose memory does not grow with the number of clients", () => {
  const rates = new ClientRates({ requests: 1, intervalMs: 1000, burst: 2 }, 4);
  assert.deepEqual([rates.take("a", 0), rates.take("a", 0), rates.take("a", 0)], [0, 0, 1000]);
  assert.equal(rates.take("b", 0), 0);
  for (let n = 0; n < 7; n++) rates.take(`x${n}`, 0);
  assert.ok(rates.take("x6", 0) === 0);
  assert.ok(rates.take("a", 0) === 0, "forgotten after two generations of others");
  assert.equal(rates.take("a", 1), 0);
  assert.ok(rates.take("a", 1) > 0);
});
