import { join } from "node:path";
import { isLoopback } from "../../../sidecar/admin/loopback.ts";
import { readSecret } from "../../identity/keys/secret-files.ts";
import { environmentSecret } from "../environment-secrets.ts";
import { Fault } from "../fault.ts";

/**
 * The token with which policy is written: `WEFT_ADMIN_TOKEN`, else what the registry of this machine wrote into its
 * state folder. Never an argument: others can read those.
 * @param url of the registry that will get it
 * @throws Fault when there is none, or when it would travel in plain text
 */
export function adminToken(state: string, url: string): string {
  const { protocol, hostname } = new URL(url);
  const here = isLoopback(hostname);
  const given = environmentSecret("WEFT_ADMIN_TOKEN");
  if (given && !here && protocol === "http:")
    throw new Fault(
      `the admin token would travel to ${hostname} in plain text`,
      "use an address with https://, or a tunnel (ssh -L 4281:127.0.0.1:4281 …) and http://127.0.0.1:4281",
    );
  if (given) return given;
  const file = join(state, "registry", "admin-token");
  // A token of this machine's mesh is nothing for another machine.
  const kept = here ? readSecret(file)?.trim() : undefined;
  if (kept) return kept;
  throw new Fault(
    here ? `there is no admin token: ${file} is missing` : `there is no admin token for ${hostname}`,
    "weft up makes it, and weft registry: give --state DIR of that mesh, or the token itself in WEFT_ADMIN_TOKEN",
  );
}
