import assert from "node:assert/strict";
import { test } from "node:test";
import { pack } from "../../src/registry/frame.ts";
import { registry } from "../../src/subjects/subjects.ts";
import { aNote, traceId } from "../control/traces/notes.ts";
import { governedMesh } from "../support/governed-mesh.ts";
import { publishRefused, subscribeRefused } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";

for (const server of natsServers())
  test(`nats-server ${server.label}: what a sidecar tells of calls is its own, and goes to the registry alone`, async (t) => {
    const mesh = await governedMesh(t, server);
    const { secured } = mesh;
    const credentials = await mesh.granted("orders");
    const evil = await secured.connect(credentials);

    await t.test("it can tell of signals, traces and calls as nobody else", async () => {
      for (const subject of [
        registry.signals("billing", "b1"),
        registry.signals("orders", "sibling"),
        registry.get("kept", "billing"),
        registry.get("told", "billing"),
        registry.tap("a1", "billing", "b1"),
        registry.brokerAnswers("registry"),
      ])
        await publishRefused(evil, subject);
    });

    await t.test("it can neither hear what others tell, nor ask them for it", async () => {
      for (const subject of [
        registry.everySignals,
        registry.everyGetOf("kept"),
        registry.everyGetOf("told"),
        registry.everyTapped("a1", "orders"),
        registry.everyBrokerAnswer,
      ])
        await subscribeRefused(evil, subject);
      for (const subject of [registry.explainEvent, registry.tracesEvent, registry.tapEvent])
        await publishRefused(evil, subject);
    });

    await t.test("who looks at the mesh as its admin hears no calls either", async () => {
      const admin = await secured.connect(secured.part("admin"));
      for (const subject of ["reg.st.>", "reg.get.>", "reg.tap.>", "reg.br.>"])
        await subscribeRefused(admin, subject);
      for (const subject of [registry.explainEvent, registry.tracesEvent, registry.tapEvent])
        await publishRefused(admin, subject);
    });

    await t.test("the registry believes notes of traces only of the teller's own calls", async () => {
      const tell = (change: object) =>
        evil.nc.publish(
          registry.get("kept", "orders"),
          pack({ instance: "o1", notes: [aNote(change as Parameters<typeof aNote>[0])] }),
        );
      tell({ traceId: traceId(1), side: "client", caller: "web", callee: "billing" });
      tell({ traceId: traceId(2), side: "server", caller: "orders", callee: "billing" });
      tell({ traceId: traceId(3), side: "server", caller: "web", callee: "orders" });
      const listed = async (): Promise<string[]> =>
        (await mesh.get("traces?kind=recent")).traces.map((one: { traceId: string }) => one.traceId);
      await until(async () => (await listed()).length > 0, { what: "the trace of its own to be listed" });
      assert.deepEqual(await listed(), [traceId(3)]);
    });
  });
