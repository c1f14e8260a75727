import { type AuthorityTls, askAuthority } from "../../identity/member/authority-client.ts";
import type { AccessAnswer } from "../../identity/wire.ts";
import type { TellAuthorities } from "./teller.ts";

export interface AuthoritiesOptions {
  /** `https://host:port` of each, as they are known now. */
  readonly urls: () => readonly string[];
  /** What the registry shows them; read at each request, as its certificate is renewed. */
  readonly tls: () => AuthorityTls;
}

/** Tells all authorities over HTTPS, at the same time. */
export const authoritiesAt =
  ({ urls, tls }: AuthoritiesOptions): TellAuthorities =>
  async (report) => {
    const known = urls();
    if (known.length === 0) throw new Error("no authority is known: give --authority URL");
    return Promise.all(
      known.map((url) => askAuthority<AccessAnswer>(url, "/access", tls(), () => report, "PUT")),
    );
  };
