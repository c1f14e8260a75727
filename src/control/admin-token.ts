import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { claimSecret, needSecret, privateFolder } from "../identity/keys/secret-files.ts";

const TOKEN_BYTES = 32;

/** Where the token lies that policy is written with: whoever may read it may change the mesh. */
export const adminTokenFile = (stateDir: string): string => join(stateDir, "registry", "admin-token");

/**
 * The admin token of this state folder, made when there is none. Several processes that start at once agree on one.
 * @throws SecretFileError when others could have read it
 */
export function openAdminToken(stateDir: string): string {
  const file = adminTokenFile(stateDir);
  privateFolder(join(stateDir, "registry"));
  claimSecret(file, `${randomBytes(TOKEN_BYTES).toString("base64url")}\n`);
  const token = needSecret(file, "it was removed a moment ago: start again").trim();
  if (token !== "") return token;
  throw new AdminTokenError(`${file} is empty: remove it, and the next start makes another`);
}

export class AdminTokenError extends Error {
  override readonly name = "AdminTokenError";
}
