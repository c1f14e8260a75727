import { join } from "node:path";
import { parseCreds } from "../keys/creds-file.ts";
import { claimsIn } from "../keys/jwt.ts";
import { readSecret } from "../keys/secret-files.ts";
import { certificatesIn } from "../keys/tls-key.ts";
import { PART_NAMES, partFolder } from "./parts.ts";
import { trustNow } from "./trust-now.ts";

/** A credential of the mesh itself, and when it ends. */
export interface Expiry {
  /** `ca`: nothing but a rotation renews it; the others `weft up` renews by itself. */
  readonly kind: "ca" | "certificate" | "user";
  /** `ca/root`, `broker/server`, `registry`, … */
  readonly name: string;
  /** Unix ms. */
  readonly endsAt: number;
}

/** What of a state folder ends some day, as it is on the disk now. What is not there is left out. */
export function expiries(stateDir: string): Expiry[] {
  const certificate = (kind: Expiry["kind"], name: string, file: string): Expiry[] => {
    const [first] = certificatesIn(readSecret(join(stateDir, file)) ?? "");
    return first === undefined ? [] : [{ kind, name, endsAt: Date.parse(first.validTo) }];
  };
  const user = (name: (typeof PART_NAMES)[number]): Expiry[] => {
    const creds = parseCreds(readSecret(join(partFolder(stateDir, name), "user.creds")) ?? "");
    const exp = creds && claimsIn(creds.jwt).exp;
    return exp === undefined ? [] : [{ kind: "user", name, endsAt: exp * 1000 }];
  };
  const cas = trustNow(stateDir).trusted.flatMap((ca) =>
    ["root", "intermediate", "routes"].flatMap((name) =>
      certificate("ca", `${ca}/${name}`, join("trust", ca, `${name}.crt`)),
    ),
  );
  const servers = ["broker/server", "broker/route", "authority/server"];
  return [
    ...cas,
    ...servers.flatMap((name) => certificate("certificate", name, `${name}.crt`)),
    ...PART_NAMES.flatMap((name) => certificate("certificate", name, join("users", name, "tls.crt"))),
    ...PART_NAMES.flatMap(user),
  ];
}

/** In the text format of Prometheus, under the name that sidecars use for theirs. */
export function expiryMetrics(all: readonly Expiry[]): string {
  const name = "weft_credential_expiry_timestamp_seconds";
  const lines = all.map(
    ({ kind, name: of, endsAt }) => `${name}{kind="${kind}",name="${of}"} ${endsAt / 1000}`,
  );
  const head = [`# HELP ${name} When a credential ends, in Unix time`, `# TYPE ${name} gauge`];
  return `${[...head, ...lines].join("\n")}\n`;
}
