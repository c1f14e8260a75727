import { isIP } from "node:net";
import { join, resolve } from "node:path";
import { AUTHORITY_NAME, BROKER_NAME } from "../../bus/credentials.ts";
import type { San } from "../keys/certificate.ts";
import { certificatesIn, pinOf } from "../keys/tls-key.ts";
import { keepLeaf, type TlsFiles } from "./leaf-files.ts";
import { keepPart, PART_NAMES } from "./parts.ts";
import { type Account, openRoots, type Roots } from "./roots.ts";

/** What a broker and the parts need to know of the mesh's trust. No secret is in it, only where secrets are. */
export interface Trust {
  readonly stateDir: string;
  readonly mesh: string;
  readonly operatorJwt: string;
  /** Public key of the account SYS. */
  readonly systemAccount: string;
  readonly accounts: readonly Account[];
  /** The broker's certificate for clients. */
  readonly tls: TlsFiles;
  /** For cluster routes: a CA of its own, else a sidecar's certificate could open a route. */
  readonly routeTls: TlsFiles;
  /** The authority's certificate. */
  readonly authorityTls: TlsFiles;
  /** SHA-256 of the root CA's public key, base64url. */
  readonly pin: string;
  /** What this start made anew: `trust`, `broker`, `routes`, `authority`, or a part's name. */
  readonly made: readonly string[];
}

export interface BootstrapOptions {
  /** The mesh's name, `mesh` at first. */
  readonly mesh?: string;
  /** Further names and addresses under which brokers and the authority are reached, besides this machine's own. */
  readonly hosts?: readonly string[];
  /** Unix time in ms. */
  readonly now?: number;
}

/**
 * Life of the broker's, the authority's and the parts' certificates and users. They are renewed at a start (or any
 * later call) when less than half of it is left.
 */
export const PART_LIFE_MS = 365 * 86_400_000;

/**
 * Makes the trust of a mesh in `stateDir` at the first start; later starts load it and renew what is ageing. May be
 * called again at any time, also while everything runs: when `made` names `broker` or `routes`, reload the broker.
 * @throws BootstrapError, SecretFileError with the cure
 */
export async function bootstrap(stateDir: string, options: BootstrapOptions = {}): Promise<Trust> {
  const folder = resolve(stateDir);
  const now = options.now ?? Date.now();
  const { roots, made: newRoots } = await openRoots(folder, options.mesh, now);
  const hosts = sans(["localhost", "127.0.0.1", "::1", ...(options.hosts ?? [])]);
  const server = (name: string): San[] => [{ type: "dns", value: name }, ...hosts];
  const common = { lifeMs: PART_LIFE_MS, ca: { file: "ca.crt", pem: roots.rootCa } };
  const issuer = () => roots.issuer("intermediate");

  const broker = await keepLeaf(
    {
      ...common,
      folder: join(folder, "broker"),
      name: "server",
      commonName: BROKER_NAME,
      sans: server(BROKER_NAME),
      usages: ["server"],
    },
    issuer,
    now,
  );
  const routes = await keepLeaf(
    {
      ...common,
      folder: join(folder, "broker"),
      name: "route",
      commonName: BROKER_NAME,
      sans: server(BROKER_NAME),
      usages: ["server", "client"], // each broker both opens and accepts routes
      ca: { file: "route-ca.crt", pem: roots.routesCa },
    },
    () => roots.issuer("routes"),
    now,
  );
  const authority = await keepLeaf(
    {
      ...common,
      folder: join(folder, "authority"),
      name: "server",
      commonName: AUTHORITY_NAME,
      sans: server(AUTHORITY_NAME),
      usages: ["server"],
      alsoSend: roots.issuingRoot, // who enrols knows the root by its pin only, and so has to be shown it
    },
    issuer,
    now,
  );
  const parts: string[] = [];
  for (const name of PART_NAMES)
    if (await keepPart(folder, roots, name, { now, lifeMs: PART_LIFE_MS })) parts.push(name);

  return {
    stateDir: folder,
    mesh: roots.mesh,
    operatorJwt: roots.operatorJwt,
    systemAccount: roots.accounts.SYS.publicKey,
    accounts: Object.values(roots.accounts),
    tls: broker.files,
    routeTls: routes.files,
    authorityTls: authority.files,
    pin: rootPin(roots),
    made: [
      ...(newRoots ? ["trust"] : []),
      ...(broker.renewed ? ["broker"] : []),
      ...(routes.renewed ? ["routes"] : []),
      ...(authority.renewed ? ["authority"] : []),
      ...parts,
    ],
  };
}

export const rootPin = (roots: Roots): string => pinOf(certificatesIn(roots.issuingRoot)[0]!);

const sans = (hosts: readonly string[]): San[] =>
  hosts.map((value) => ({ type: isIP(value) ? "ip" : "dns", value }));
