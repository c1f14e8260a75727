import { existsSync } from "node:fs";
import { join } from "node:path";
import { trustNow } from "./trust-now.ts";

/** A secret that the running mesh can do without. */
export interface Removable {
  /** Below the state folder. */
  readonly file: string;
  /** What it takes it for. */
  readonly needed: string;
}

/** The secrets that may be moved away from the machine of `weft up`, and what needs each of them then. */
export function removable(stateDir: string): Removable[] {
  const { ca, operator } = trustNow(stateDir);
  const part = (user: string) => `weft up needs it to renew the user ${user}, half a year before that ends`;
  return [
    [
      `${operator}/operator.seed`,
      "weft revoke, weft rotate signing-key, weft rotate operator need it (--operator-seed FILE)",
    ],
    [`${ca}/root.key`, "nothing needs it: weft rotate ca makes a new one"],
    ["accounts/MESH.seed", "nothing needs it"],
    ["accounts/REG.seed", part("registry-store")],
    ["accounts/SYS.seed", part("system")],
  ].map(([file, needed]) => ({ file: join("trust", file!), needed: needed! }));
}

export const keptElsewhere = (stateDir: string): Removable[] =>
  removable(stateDir).filter(({ file }) => !existsSync(join(stateDir, file)));
