import assert from "node:assert/strict";
import { test } from "node:test";
import type { NatsConnection } from "nats";
import { openConnection } from "../../src/bus/connection.ts";
import type { Credentials } from "../../src/bus/credentials.ts";
import { PART_NAMES, partsOf } from "../../src/identity/trust/parts.ts";
import { covers } from "../../src/subjects/covers.ts";
import { type Permissions, sidecarPermissions, tapPermissions } from "../../src/subjects/permissions.ts";
import { Subjects } from "../../src/subjects/subjects.ts";
import { securedMesh, tapCredentials } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";

/** What an intruder would like: all, others' inboxes and calls, JetStream, other buckets, the servers themselves. */
const COVETED = [
  ...[">", "*", "*.>", "*.*.*.*", "mesh.>", "mesh.*.*.*", "mesh.billing.any.*", "mesh.billing.v-1.billing"],
  ...["_R.>", "_R.*.*.*.>", "_R.billing.b1.>", "_R.billing.b1.registry.x1", "_INBOX.*", "_INBOX.x.y"],
  ...[
    "reg.>",
    "reg.hb.>",
    "reg.hb.billing.b1",
    "reg.st.>",
    "reg.st.billing.b1",
    ...["reg.tap.>", "reg.tap.*.*.*", "reg.tap.a1.billing.b1", "reg.tap.a2.orders.*", "reg.ev.tap"],
    "reg.get.>",
    "reg.get.policy.billing",
    "reg.ev.alive",
  ],
  ...["$SRV.PING", "$SRV.INFO.orders", "$JS.>", "$JS.API.>", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST"],
  ...["DELETE", "PURGE", "UPDATE", "SNAPSHOT", "MSG.DELETE"].map(
    (verb) => `$JS.API.STREAM.${verb}.KV_mesh-registry`,
  ),
  ...["$JS.API.STREAM.CREATE.other", "$JS.API.STREAM.INFO.other", "$JS.API.STREAM.MSG.GET.KV_other"],
  ...["$JS.API.CONSUMER.CREATE.other.x", "$JS.API.CONSUMER.DURABLE.CREATE.KV_mesh-policy.x"],
  ...["$JS.API.DIRECT.GET.KV_mesh-policy", "$JS.ACK.>", "$JS.FC.>", "$KV.>", "$KV.other.key", "$KV.mesh.x"],
  ...["$SYS.>", "$SYS.REQ.>", "$SYS.REQ.SERVER.PING.VARZ", "$SYS.ACCOUNT.>"],
  ...["$SYS.REQ.SERVER.x.KICK", "$SYS.REQ.SERVER.x.RELOAD", "$SYS.REQ.CLAIMS.DELETE", "$SYS.REQ.CLAIMS.LIST"],
  ...[
    "$SYS.REQ.CLAIMS.PACK",
    "$SYS.REQ.ACCOUNT.x.CONNZ",
    "$SYS.REQ.ACCOUNT.x.CLAIMS.LOOKUP",
    "$SYS._INBOX.>",
  ],
  ...["$NRG.>", "$G.>", "weft.>", "other.billing.any.orders"],
];

/** Of `subject queue`. */
const split = (entry: string): [subject: string, queue: string | undefined] => {
  const [subject = "", queue] = entry.split(" ");
  return [subject, queue];
};

const literal = (subject: string): string => subject.replaceAll("*", "x").replace(">", "x");

const mayPublish = ({ pub }: Permissions, subject: string): boolean =>
  pub.some((allowed) => covers(allowed.split("."), subject.split(".")));

/**
 * As nats-server decides, which compares wildcards as if they were words: a last `*` may be subscribed to as `>`, too.
 * A queue group that is named is the only one that is allowed.
 */
const maySubscribe = ({ sub }: Permissions, subject: string, queue: string | undefined): boolean =>
  sub.some((entry) => {
    const [allowed, group] = split(entry);
    if (group !== undefined && group !== queue) return false;
    return covers(allowed.split("."), subject.split("."));
  });

/** Does all of it at once. @returns what the broker refused, each as it names it */
async function refusals(nc: NatsConnection, attempts: readonly (() => void)[]): Promise<Set<string>> {
  const refused = new Set<string>();
  const watching = (async () => {
    for await (const status of nc.status()) if (status.type === "error") refused.add(status.error.message);
  })();
  for (const attempt of attempts) attempt();
  await nc.flush();
  await nc.close();
  await watching;
  return refused;
}

test("whoever subscribes to `>` where `*` is allowed hears nothing more: nobody may publish there", () => {
  const sidecar = sidecarPermissions(new Subjects("mesh"), {
    service: "orders",
    instance: "i1",
    version: "1",
  });
  const all = [
    sidecar,
    tapPermissions("a1", "orders"),
    ...Object.values(partsOf("mesh")).map(({ permissions }) => permissions),
  ];
  const published = all.flatMap(({ pub }) => pub.map((subject) => subject.split(".")));
  for (const [subject] of all.flatMap(({ sub }) => sub.map(split))) {
    const tokens = subject.split(".");
    if (tokens.at(-1) !== "*") continue;
    const longer = published.filter(
      (other) =>
        (other.length > tokens.length || other.at(-1) === ">") &&
        tokens.every((token, i) => [token, "*", ">", undefined].includes(other[i]) || token === "*"),
    );
    assert.deepEqual(longer, [], subject);
  }
});

for (const server of natsServers())
  test(`nats-server ${server.label}: every user can do what the table of users says, and nothing else`, async (t) => {
    const mesh = await securedMesh(t, server);
    const orders = await mesh.instance("orders");
    const { service, instance, version } = orders;
    const parts = partsOf("mesh");
    const users: (readonly [string, Credentials, Permissions])[] = [
      [
        "sidecar",
        orders.credentials,
        sidecarPermissions(new Subjects("mesh"), { service, instance, version }),
      ],
      ["tap", await tapCredentials(mesh, "a1"), tapPermissions("a1", "orders")],
      ...PART_NAMES.map((name) => [name, mesh.part(name), parts[name].permissions] as const),
    ];
    const entries = users.flatMap(([, , { pub, sub }]) => [...pub, ...sub]);
    const known = entries.map((entry) => split(entry)[0]);
    const wider = known.map((subject) => subject.replace(/\*$/, ">"));
    const subjects = [...new Set([...known, ...wider, ...COVETED])];

    for (const [name, credentials, permissions] of users) {
      await t.test(`${name}: publishing`, async () => {
        const nc = await openConnection(credentials, name);
        const tried = [...new Set(subjects.map(literal))];
        const refused = await refusals(
          nc,
          // Without a reply subject, and without a body that could mean anything: what is allowed does no harm.
          tried.map((subject) => () => nc.publish(subject)),
        );
        for (const subject of tried)
          assert.equal(
            refused.has(`Permissions Violation for Publish to "${subject}"`),
            !mayPublish(permissions, subject),
            `${name} publishing to ${subject}`,
          );
      });

      for (const queue of [undefined, service, "wiretap"])
        await t.test(`${name}: subscribing ${queue ? `in the queue group ${queue}` : ""}`, async () => {
          const nc = await openConnection(credentials, name);
          const tried = [...new Set([...subjects, ...subjects.map(literal)])];
          const refused = await refusals(
            nc,
            tried.map((subject) => () => {
              nc.subscribe(subject, { callback: () => {}, ...(queue && { queue }) });
            }),
          );
          const named = queue ? ` using queue "${queue}"` : "";
          for (const subject of tried)
            assert.equal(
              refused.has(`Permissions Violation for Subscription to "${subject}"${named}`),
              !maySubscribe(permissions, subject, queue),
              `${name} subscribing to ${subject}${named}`,
            );
        });
    }
  });
