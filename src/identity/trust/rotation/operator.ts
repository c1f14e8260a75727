import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { claimsIn, operatorJwt, resignedAccount } from "../../keys/jwt.ts";
import { NKey } from "../../keys/nkey.ts";
import { claimSecret, needSecret, privateFolder, writeSecret } from "../../keys/secret-files.ts";
import { OperatorAwayError, operatorSeed } from "../mesh-account.ts";
import { ACCOUNT_NAMES, loadRoots } from "../roots.ts";
import { accountFile, changeTrust, nextFolder, previousFolder, trustNow } from "../trust-now.ts";
import type { Scene, Step } from "./step.ts";

/*
 * A new operator. Users and their certificates know nothing of it: only the accounts' JWTs are signed by it, and
 * brokers learn it when they start. No server takes another operator while it runs ("config reload not supported for
 * TrustedOperators", 2.9 and 2.15), and 2.9 takes no list of them: so there is no time of dual trust, but one restart,
 * of one broker after the other in a cluster.
 */

const inTrust = (stateDir: string, ...names: string[]): string => join(stateDir, "trust", ...names);

/** Where the new seed is until the old one is removed: beside it, wherever that is kept. */
const nextSeed = ({ stateDir, operatorSeed: elsewhere }: Scene): string =>
  elsewhere === undefined ? inTrust(stateDir, "operator-next.seed") : `${elsewhere}.next`;

export const operatorSteps: readonly Step[] = [
  {
    name: "make",
    says: "a new operator's key",
    change(scene) {
      if (scene.operatorSeed === undefined && !existsSync(operatorSeed(scene.stateDir)))
        throw new OperatorAwayError(
          "the operator's seed is kept elsewhere: give its file with --operator-seed FILE, the new one will take its place",
        );
      claimSecret(nextSeed(scene), NKey.create("O").seed());
    },
  },
  {
    name: "sign",
    says: "the new operator signs the accounts, and brokers start with it alone",
    async change(scene) {
      const { stateDir, operatorSeed: elsewhere } = scene;
      const seed = needSecret(nextSeed(scene), "give the same --operator-seed FILE as at the start").trim();
      const key = NKey.fromSeed(seed);
      const { accounts, operatorJwt: present } = loadRoots(stateDir);
      if (claimsIn(present).sub === key.publicKey) return;
      const next = nextFolder(trustNow(stateDir).operator);
      const folder = privateFolder(inTrust(stateDir, next));
      if (elsewhere === undefined) writeSecret(join(folder, "operator.seed"), seed);
      writeSecret(join(folder, "operator.jwt"), await operatorJwt(key, accounts.SYS.publicKey));
      for (const { name, jwt } of Object.values(accounts))
        writeSecret(accountFile(stateDir, next, name), await resignedAccount(key, jwt));
      changeTrust(stateDir, { operator: next });
    },
    takeUp: { brokers: "restart" },
  },
  {
    name: "remove",
    says: "the old operator's key and what it signed are removed",
    change(scene) {
      const { stateDir, operatorSeed: elsewhere } = scene;
      const next = nextSeed(scene);
      if (elsewhere === undefined) rmSync(next, { force: true });
      else if (existsSync(next)) renameSync(next, elsewhere);
      const old = previousFolder(trustNow(stateDir).operator);
      for (const name of ACCOUNT_NAMES) rmSync(accountFile(stateDir, old, name), { force: true });
      rmSync(inTrust(stateDir, old), { recursive: true, force: true });
    },
  },
];
