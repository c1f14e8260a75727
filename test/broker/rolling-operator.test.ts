import assert from "node:assert/strict";
import { test } from "node:test";
import { openConnection } from "../../src/bus/connection.ts";
import { folderCredentials } from "../../src/identity/keys/folder-credentials.ts";
import { bootstrap, type Trust } from "../../src/identity/trust/bootstrap.ts";
import { partFolder } from "../../src/identity/trust/parts.ts";
import { rotate } from "../../src/identity/trust/rotation/rotate.ts";
import { natsServers } from "../support/servers.ts";
import { stateFolder } from "../support/state.ts";
import { until } from "../support/until.ts";
import { threeNodes } from "./three-nodes.ts";

for (const server of natsServers())
  test(`a cluster of nats-server ${server.label} gets another operator one node at a time, and every node serves the mesh's users all the while`, async (t) => {
    const state = stateFolder(t);
    const settings = ({ operatorJwt, systemAccount, accounts, tls }: Trust) => ({
      ...{ trust: { operatorJwt, systemAccount, accounts }, tls },
    });
    const first = await bootstrap(state);
    const nodes = await threeNodes(t, server.path, settings(first), first.routeTls);
    const routes = nodes.map(({ routePort }) => `127.0.0.1:${routePort}`);
    const cluster = (i: number) => ({
      ...{ name: "weft-test", host: "127.0.0.1", port: nodes[i]!.routePort!, routes, tls: first.routeTls },
    });
    const onEach = (user: "registry" | "admin") =>
      Promise.all(
        nodes.map(({ port }) =>
          openConnection(folderCredentials(partFolder(state, user), [`127.0.0.1:${port}`]), user),
        ),
      );

    /** Users connect to each node anew, and a message from each reaches each. */
    const allServe = async (when: string) => {
      const [speakers, hearers] = await Promise.all([onEach("registry"), onEach("admin")]);
      const heard = new Set<string>();
      for (const [i, nc] of hearers.entries())
        nc.subscribe("reg.ev.>", {
          callback: (_, { data }) => void heard.add(`${Buffer.from(data)} to ${i}`),
        });
      await Promise.all(hearers.map((nc) => nc.flush()));
      await until(
        async () => {
          for (const [i, nc] of speakers.entries()) nc.publish("reg.ev.alive", String(i));
          await Promise.all([...speakers, ...hearers].map((nc) => nc.flush()));
          return heard.size === 9;
        },
        { what: `messages to pass from all to all ${when}`, withinMs: 10_000 },
      );
      await Promise.all([...speakers, ...hearers].map((nc) => nc.close()));
    };

    await allServe("at first");
    await rotate("operator", {
      ...{ stateDir: state, now: Date.now, patienceMs: 0, leaveBehind: false, brokersDone: false },
      pause: () => Promise.resolve(),
      alone: (change) => change(),
      tell: () => {},
      mesh: {
        ownBrokers: false,
        async takeUp() {
          const trust = await bootstrap(state);
          assert.notEqual(trust.operatorJwt, first.operatorJwt);
          for (const [i, node] of nodes.entries()) {
            const place = { serverName: `n${i}`, host: "127.0.0.1", port: node.port, cluster: cluster(i) };
            await node.restart({ ...place, ...settings(trust) });
            await allServe(`after node ${i}`);
          }
        },
        tellAccount: async () => {},
        askRenewal: async () => {},
        seen: async () => ({ present: undefined, connected: undefined }),
      },
    });
  });
