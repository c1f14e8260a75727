import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { type AppClientOptions, appClient } from "../../sidecar/http/app-client.ts";
import type { CallHead } from "../../sidecar/stack/call.ts";
import type { Outcome, Replied } from "../../sidecar/stack/outcome.ts";
import { aCall } from "./calls.ts";
import { type RawPeer, rawApp } from "./raw.ts";

export const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

export async function appScene(
  t: TestContext,
  onConnection?: (peer: RawPeer) => void,
  options: Partial<AppClientOptions> = {},
) {
  const app = await rawApp(t, onConnection);
  const client = appClient({ host: app.host, port: app.port, ...options } as AppClientOptions);
  t.after(() => client.close());
  const ask = (head: Partial<CallHead> = {}) => client.service(aCall(head));
  return { app, client, ask };
}

export function replied(outcome: Outcome): Replied {
  assert.equal(outcome.kind, "replied", JSON.stringify(outcome));
  return outcome as Replied;
}

export const failure = (outcome: Outcome) =>
  outcome.kind === "failed" ? `${outcome.code} ${outcome.delivered}` : outcome.kind;
