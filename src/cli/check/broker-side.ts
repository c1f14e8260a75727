import { fitted } from "../../../sidecar/join.ts";
import { connectionsOf } from "../../bus/connections.ts";
import { folderCredentials } from "../../identity/keys/folder-credentials.ts";
import { claimsIn } from "../../identity/keys/jwt.ts";
import { openLedger } from "../../identity/records/records.ts";
import { oldLimits } from "../../identity/trust/old-limits.ts";
import { partFolder } from "../../identity/trust/parts.ts";
import { loadRoots } from "../../identity/trust/roots.ts";
import { nameOf } from "../../identity/trust/rotation/stragglers.ts";
import { lagOf, unlistedOf } from "../policy/access.ts";
import type { AuthorityView } from "../policy/rows.ts";
import { bareAddress } from "../up/record.ts";
import { type Check, type Finding, ok, warn } from "./check.ts";

/** Whether the broker enforces, by services, who may call whom. */
export const access: Check = {
  what: "access",
  asks: "registry",
  async run({ up, ask }) {
    if (up === undefined) return [];
    const { authority } = await ask<{ authority?: AuthorityView }>("/v1/sidecars");
    const cures = [
      [lagOf(authority), "is the authority up? its log says more"],
      [unlistedOf(authority), "let rules name fewer services for them; the audit log has it as unlisted"],
    ] as const;
    const found = cures.flatMap(([says, cure]) => (says === undefined ? [] : [warn("access", says, cure)]));
    return found.length > 0 ? found : [ok("access", "the broker holds back whom policy lets call nothing")];
  },
};

/** One, and a second one while an identity is renewed. */
const MOST_CONNECTIONS = 2;

/** Instances whose identity more than one process goes by: a copy of the keys, or an identity folder that two share. */
export const connections: Check = {
  what: "connections",
  asks: "broker",
  async run({ state, up, now }) {
    if (up === undefined) return [];
    const credentials = folderCredentials(partFolder(state, "system"), up.broker.urls.map(bareAddress));
    const { publicKey } = loadRoots(state).accounts.MESH;
    const counts = new Map<string, number>();
    for (const { jwt } of await connectionsOf(fitted(credentials), publicKey)) {
      const { sub } = claimsIn(jwt);
      counts.set(sub, (counts.get(sub) ?? 0) + 1);
    }
    const found = openLedger(state)
      .list(now)
      .flatMap((entry): Finding[] => {
        const count = counts.get(entry.nkey) ?? 0;
        if (count <= MOST_CONNECTIONS) return [];
        const says = `${nameOf(entry)} has ${count} connections, where one process has ${MOST_CONNECTIONS} at most`;
        return [warn("connections", says, SHARED)];
      });
    return found.length > 0 ? found : [ok("connections", "no two processes go by one instance's identity")];
  },
};

const SHARED = "do two share an identity folder? if not, somebody has its keys: weft revoke it";

/** JWTs that were made by an earlier version, with what that let a user take of the broker. */
export const limits: Check = {
  what: "limits",
  run({ state }) {
    const { accounts, users } = oldLimits(state);
    const found = [
      ...accounts.map((name) =>
        warn(
          "limits",
          `the account ${name} has limits of an earlier version`,
          "weft rotate operator signs it anew",
        ),
      ),
      ...users.map((name) =>
        warn(
          "limits",
          `the user ${name} has limits of an earlier version`,
          "weft up renews it when it starts, if it has the account's seed",
        ),
      ),
    ];
    return found.length > 0 ? found : [ok("limits", "accounts and users have those of this version")];
  },
};
