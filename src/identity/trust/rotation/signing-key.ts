import { rmSync } from "node:fs";
import { join } from "node:path";
import { NKey } from "../../keys/nkey.ts";
import { claimSecret, needSecret, writeSecret } from "../../keys/secret-files.ts";
import { changeMeshAccount, operatorKey } from "../mesh-account.ts";
import type { Scene, Step } from "./step.ts";

/*
 * A new key for the authority to sign users with: the account MESH names both, the authority signs with the new one,
 * everybody gets a new JWT, and then the account names the new one alone, which cuts off whoever still uses the old.
 */

const present = (stateDir: string): string => join(stateDir, "trust", "accounts", "MESH-signing.seed");
const next = (stateDir: string): string => join(stateDir, "trust", "accounts", "MESH-signing-next.seed");

const seedIn = (file: string): string => needSecret(file, "restore the trust folder from a copy");
const keyIn = (file: string): string => NKey.fromSeed(seedIn(file)).publicKey;

const nameKeys = async ({ stateDir, operatorSeed }: Scene, signingKeys: readonly string[]): Promise<void> => {
  const operator = operatorKey(stateDir, operatorSeed);
  await changeMeshAccount(stateDir, operator, (account) => ({ ...account, signingKeys }));
};

export const signingKeySteps: readonly Step[] = [
  {
    name: "make",
    says: "a new signing key",
    change({ stateDir, operatorSeed }) {
      // Known before anything is changed, rather than at the next step.
      operatorKey(stateDir, operatorSeed);
      claimSecret(next(stateDir), NKey.create("A").seed());
    },
  },
  {
    name: "take both",
    says: "brokers take users that either key has signed",
    change: (scene) => nameKeys(scene, [keyIn(present(scene.stateDir)), keyIn(next(scene.stateDir))]),
    takeUp: {},
    tellAccount: true,
  },
  {
    name: "sign",
    says: "all users are signed anew, by the new key",
    change: ({ stateDir }) => writeSecret(present(stateDir), seedIn(next(stateDir))),
    takeUp: {},
    renewAll: { leftBehind: "their connections end at the next step, until they renew by themselves" },
  },
  {
    name: "drop",
    says: "brokers take nothing that the old key has signed",
    change: (scene) => nameKeys(scene, [keyIn(present(scene.stateDir))]),
    takeUp: {},
    tellAccount: true,
  },
  {
    name: "remove",
    says: "the old key is gone, and its successor's copy is removed",
    change: ({ stateDir }) => rmSync(next(stateDir), { force: true }),
  },
];
