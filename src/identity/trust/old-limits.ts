import { join } from "node:path";
import { parseCreds } from "../keys/creds-file.ts";
import { hasLimitsOfNow } from "../keys/jwt.ts";
import { readSecret } from "../keys/secret-files.ts";
import { PART_NAMES, partFolder } from "./parts.ts";
import { ACCOUNT_NAMES, loadRoots } from "./roots.ts";

/** Whose JWTs have the limits of an earlier version of Weft (`src/subjects/limits.ts`), as they are on the disk now. */
export function oldLimits(stateDir: string): { readonly accounts: string[]; readonly users: string[] } {
  const { accounts } = loadRoots(stateDir);
  const jwtOf = (part: (typeof PART_NAMES)[number]) =>
    parseCreds(readSecret(join(partFolder(stateDir, part), "user.creds")) ?? "")?.jwt;
  return {
    accounts: ACCOUNT_NAMES.filter((name) => !hasLimitsOfNow(accounts[name].jwt, name)),
    users: PART_NAMES.filter((part) => {
      const jwt = jwtOf(part);
      return jwt !== undefined && !hasLimitsOfNow(jwt);
    }),
  };
}
