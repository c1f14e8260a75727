import { type AuthorityTls, askAuthority, readAuthority } from "../../identity/member/authority-client.ts";
import type { AccessAnswer, HealthAnswer } from "../../identity/wire.ts";
import type { LookAtAuthorities } from "./authority-watch.ts";
import type { TellAuthorities } from "./teller.ts";

export interface AuthoritiesOptions {
  /** `https://host:port` of each, as they are known now. */
  readonly urls: () => readonly string[];
  /** What the registry shows them; read at each request, as its certificate is renewed. */
  readonly tls: () => AuthorityTls;
}

/** How the registry reaches the authorities. */
export interface Authorities {
  readonly tell: TellAuthorities;
  readonly look: LookAtAuthorities;
}

/** Reaches all authorities over HTTPS, at the same time. */
export const authoritiesAt = ({ urls, tls }: AuthoritiesOptions): Authorities => ({
  async tell(report) {
    const known = urls();
    if (known.length === 0) throw new Error("no authority is known: give --authority URL");
    return Promise.all(
      known.map((url) => askAuthority<AccessAnswer>(url, "/access", tls(), () => report, "PUT")),
    );
  },
  async look() {
    const { ca } = tls();
    const looks = urls().map((url) => readAuthority<HealthAnswer>(url, "/healthz", { ca }));
    return (await Promise.all(looks)).length;
  },
});
