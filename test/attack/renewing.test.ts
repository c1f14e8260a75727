import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { NatsConnection } from "nats";
import type { Bus } from "../../src/bus/bus.ts";
import { openConnection } from "../../src/bus/connection.ts";
import { connectBus } from "../../src/bus/nats-bus.ts";
import { type AuthorityOptions, startAuthority } from "../../src/identity/authority/authority.ts";
import { JWT_LIFE_MS } from "../../src/identity/keys/mint.ts";
import { enrol, renewIdentity } from "../../src/identity/member/enrol.ts";
import type { Identity } from "../../src/identity/member/identity.ts";
import { Renewal, type RenewalClock } from "../../src/identity/member/renewal.ts";
import { localToken } from "../../src/identity/member/request-token.ts";
import { mayAnswer, ReplyIds, repliesTo } from "../../src/subjects/reply.ts";
import { type Subject, Subjects } from "../../src/subjects/subjects.ts";
import { type SecuredMesh, securedMesh } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";

const subjects = new Subjects();

async function enrolled(
  t: TestContext,
  mesh: SecuredMesh,
  service: string,
  options: Partial<AuthorityOptions> = {},
): Promise<Identity> {
  const { state, brokers } = mesh;
  const authority = await startAuthority({
    stateDir: state,
    host: "127.0.0.1",
    port: 0,
    brokers,
    ...options,
  });
  t.after(() => authority.close());
  return enrol(await localToken(state, service, authority.url), { version: "1" });
}

/** Half an hour in half a second: renewals follow each other closely, but no JWT ends before its time. */
const hurried: RenewalClock = {
  now: Date.now,
  after: (ms, run) => {
    const timer = setTimeout(run, ms / 3600);
    return () => clearTimeout(timer);
  },
};

/** A bus whose identity renews itself and then its connection, as a sidecar's does. */
async function renewedBus(t: TestContext, identity: Identity): Promise<{ bus: Bus; renewals: () => number }> {
  const bus = await connectBus(identity.credentials, identity.service);
  let renewals = 0;
  const renewal = new Renewal(identity, {
    clock: hurried,
    onRenewed: async () => {
      await bus.renew();
      renewals++;
    },
  });
  t.after(async () => {
    renewal.stop();
    await bus.close();
  });
  return { bus, renewals: () => renewals };
}

/** Answers every request, a little later, as an app does. */
function answering(bus: Bus, service: string): void {
  const onMessage = ({ subject, reply }: { subject: string; reply: string }) => {
    if (mayAnswer(subject, reply, service))
      setTimeout(() => bus.send(reply as Subject, Buffer.from("ok")), 20);
  };
  bus.subscribe(subjects.inbound(service, { kind: "version", version: "1" }), service, onMessage);
}

async function refused({ credentials }: Identity): Promise<boolean> {
  try {
    await (await openConnection(credentials, "late")).close();
    return false;
  } catch {
    return true;
  }
}

const flushed = (nc: NatsConnection): Promise<boolean> =>
  nc.flush().then(
    () => true,
    () => false,
  );

for (const server of natsServers()) {
  test(`nats-server ${server.label}: JWTs and certificates of both sides are renewed under load and no call is lost`, async (t) => {
    const mesh = await securedMesh(t, server);
    const orders = await enrolled(t, mesh, "orders");
    const billing = await enrolled(t, mesh, "billing");
    const first = { jwt: orders.credentials.jwt(), tls: orders.tls.cert };
    const caller = await renewedBus(t, orders);
    const callee = await renewedBus(t, billing);
    answering(callee.bus, "billing");

    const ids = new ReplyIds("orders", orders.instance);
    const waiting = new Set<string>();
    let calls = 0;
    caller.bus.subscribe(
      repliesTo("orders", orders.instance),
      undefined,
      ({ subject }) => void waiting.delete(subject),
    );
    await Promise.all([caller.bus.flush(), callee.bus.flush()]);
    const to = subjects.request("billing", { kind: "version", version: "1" }, "orders");
    const load = setInterval(() => {
      const reply = ids.next("billing");
      waiting.add(reply);
      calls++;
      caller.bus.send(to, Buffer.from("call"), reply);
    }, 2);
    t.after(() => clearInterval(load));

    await until(() => caller.renewals() >= 3 && callee.renewals() >= 3, { withinMs: 10_000 });
    clearInterval(load);
    assert.ok(calls > 200, `${calls} calls`);
    await until(() => waiting.size === 0, { what: `answers to ${waiting.size} of ${calls} calls` });
    assert.notEqual(orders.credentials.jwt(), first.jwt);
    assert.notEqual(orders.tls.cert, first.tls);
  });

  test(`nats-server ${server.label}: an expired JWT is cut off, and the same connection comes back once it is renewed`, async (t) => {
    const mesh = await securedMesh(t, server);
    let behindMs = JWT_LIFE_MS - 2500; // what this authority grants now ends very soon
    const orders = await enrolled(t, mesh, "orders", { now: () => Date.now() - behindMs });
    const nc = await openConnection(orders.credentials, "orders");
    t.after(() => nc.close());
    const seen: string[] = [];
    void (async () => {
      for await (const status of nc.status()) seen.push(status.type);
    })();
    await until(() => seen.includes("disconnect"), { what: "the end of the JWT" });
    // Servers count in whole seconds: within the last one it may still get in.
    await until(() => refused(orders), { what: "the refusal of an expired JWT" });
    behindMs = 0;
    await renewIdentity(orders); // by certificate, over HTTPS: the broker is closed to it
    await until(() => flushed(nc), { what: "the return" });
    assert.ok(seen.includes("reconnect"));
  });
}
