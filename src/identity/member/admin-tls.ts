import { join } from "node:path";
import { needSecret } from "../keys/secret-files.ts";
import { partFolder } from "../trust/parts.ts";
import type { AuthorityTls } from "./authority-client.ts";

/** What the admin of a state folder on this machine shows. PEM texts. @throws SecretFileError with the cure */
export function adminTls(stateDir: string): Required<AuthorityTls> {
  const folder = partFolder(stateDir, "admin");
  const read = (file: string) =>
    needSecret(join(folder, file), `is ${stateDir} the state folder of a mesh? "weft up" makes one`);
  return { ca: read("ca.crt"), cert: read("tls.crt"), key: read("tls.key") };
}
