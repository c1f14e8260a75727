import { setTimeout as delay } from "node:timers/promises";
import { fitted } from "../../../sidecar/join.ts";
import { pushClaims } from "../../bus/claims.ts";
import { connectionsOf } from "../../bus/connections.ts";
import { folderCredentials } from "../../identity/keys/folder-credentials.ts";
import { bootstrap } from "../../identity/trust/bootstrap.ts";
import { partFolder } from "../../identity/trust/parts.ts";
import { loadRoots } from "../../identity/trust/roots.ts";
import type { RunningMesh } from "../../identity/trust/rotation/rotate.ts";
import { nameOf } from "../../identity/trust/rotation/stragglers.ts";
import { Fault } from "../fault.ts";
import { readPolicy, writePolicy } from "../policy/registry.ts";
import { bareAddress, readUp, type UpRecord } from "../up/record.ts";

const TAKEN_UP_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 50;

/**
 * The mesh of a state folder, as its `weft up` tells in `up.json`.
 * @param spreadMs the time over which renewals are spread
 */
export function runningMesh(state: string, spreadMs: number): RunningMesh {
  const up = () => readUp(state);
  return {
    get ownBrokers() {
      return up()?.broker.external === true;
    },
    async takeUp(round) {
      if (up() === undefined) await bootstrap(state);
      const endsAt = performance.now() + TAKEN_UP_WITHIN_MS;
      for (;;) {
        const record = up();
        // Whoever starts it later starts it with what the trust folder says by then.
        if (record === undefined) return;
        const { trust } = record;
        if (trust.round >= round && trust.problem === undefined) return;
        if (trust.round >= round)
          throw new Fault(
            `the running mesh did not take it up: ${trust.problem}`,
            "see to that, and run this again: it goes on where it is",
          );
        if (performance.now() > endsAt)
          throw new Fault(
            `the running mesh (process ${record.up.pid}) has not taken it up after ${TAKEN_UP_WITHIN_MS / 1000} s`,
            "look at what weft up says, and run this again: it goes on where it is",
          );
        await delay(LOOK_EVERY_MS);
      }
    },
    async tellAccount() {
      const record = up();
      if (record === undefined) return;
      const answers = await pushClaims(systemOf(state, record), loadRoots(state).accounts.MESH.jwt);
      const bad = answers.find(({ accepted }) => !accepted);
      if (answers.length > 0 && bad === undefined) return;
      throw new Fault(
        bad
          ? `the broker ${bad.server} does not take the account's new JWT: ${bad.message}`
          : "no broker takes the account's new JWT",
        "brokers need resolver: { type: full }, as weft broker config prints it",
      );
    },
    async askRenewal(issuedBefore) {
      if (up() === undefined)
        throw new Fault(
          "instances cannot renew while the mesh does not run",
          "start weft up and run this again, or go on without them with --leave-behind",
        );
      await writePolicy({ state }, "/v1/renewals", { issuedBefore, withinMs: spreadMs });
    },
    async seen() {
      const record = up();
      if (record === undefined) return { present: undefined, connected: undefined };
      const [present, connected] = await Promise.all([
        readPolicy<Sidecars>({ state }, "/v1/sidecars").then(
          ({ sidecars }) => new Set(sidecars.map(nameOf)),
          () => undefined,
        ),
        connectionsOf(systemOf(state, record), loadRoots(state).accounts.MESH.publicKey).catch(
          () => undefined,
        ),
      ]);
      return { present, connected };
    },
  };
}

const systemOf = (state: string, { broker }: UpRecord) =>
  fitted(folderCredentials(partFolder(state, "system"), broker.urls.map(bareAddress)));

interface Sidecars {
  readonly sidecars: readonly { readonly service: string; readonly instance: string }[];
}
