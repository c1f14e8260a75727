import {
  type Account,
  decode,
  encodeAccount,
  encodeOperator,
  encodeUser,
  type KeyPair,
  type OperatorLimits,
} from "@nats-io/jwt";
import { MAX_MESH_CONNECTIONS, MAX_MESSAGE_BYTES, MAX_SUBSCRIPTIONS } from "../../subjects/limits.ts";
import type { Permissions } from "../../subjects/permissions.ts";
import type { NKey } from "./nkey.ts";

/** The operator: who signs accounts, and which account may look into the server. */
export const operatorJwt = (operator: NKey, systemAccount: string): Promise<string> =>
  encodeOperator("weft", signing(operator), { system_account: systemAccount });

export interface AccountClaims {
  readonly name: string;
  /** `A…` */
  readonly account: string;
  /** Further keys that may sign users of this account. */
  readonly signingKeys?: readonly string[];
  /** By public key of a user: its JWTs that were issued until this Unix time in seconds are worth nothing. */
  readonly revocations?: Readonly<Record<string, number>>;
  /** Of all its users together, in the whole cluster. Default: 8000 for MESH, no limit for the others. */
  readonly connections?: number;
  /** Absent: the account has no JetStream. */
  readonly jetStream?: Pick<OperatorLimits, "mem_storage" | "disk_storage" | "streams" | "consumer">;
}

/** A limit left out would mean 0, so each is spelled out; -1 is no limit. No leaf nodes, no bearer tokens. */
const accountLimits = (name: string) => ({
  conn: name === "MESH" ? MAX_MESH_CONNECTIONS : -1,
  ...{ leaf: 0, imports: -1, exports: -1, data: -1, payload: -1, subs: -1 },
  ...{ wildcards: true, disallow_bearer: true },
});

/** Each for one connection. `data` means nothing to nats-server; it counts neither bytes nor connections of a user. */
const USER_LIMITS = { subs: MAX_SUBSCRIPTIONS, payload: MAX_MESSAGE_BYTES, data: -1 };

/** Whether a JWT of an account, or of a user when no account is named, has the limits of one that is made now. */
export function hasLimitsOfNow(jwt: string, account?: string): boolean {
  const { nats } = claimsIn(jwt);
  const [found, wanted] =
    account === undefined ? [nats, USER_LIMITS] : [nats.limits ?? {}, accountLimits(account)];
  return Object.entries(wanted).every(([name, value]) => (found as Record<string, unknown>)[name] === value);
}

export const accountJwt = (operator: NKey, claims: AccountClaims): Promise<string> =>
  encodeAccount(
    claims.name,
    claims.account,
    {
      limits: {
        ...accountLimits(claims.name),
        ...(claims.connections === undefined ? {} : { conn: claims.connections }),
        ...claims.jetStream,
      },
      signing_keys: [...(claims.signingKeys ?? [])],
      revocations: { ...claims.revocations },
    },
    { signer: signing(operator) },
  );

/** The JWT of an account with everything that is in it and the limits of now, signed by another operator. */
export const resignedAccount = (operator: NKey, jwt: string): Promise<string> => {
  const { name, sub, nats } = decode<Account>(jwt);
  const limits = { ...nats.limits, ...accountLimits(name) };
  return encodeAccount(name, sub, { ...nats, limits }, { signer: signing(operator) });
};

export interface UserClaims {
  readonly name: string;
  /** `U…`; its seed stays with its owner. */
  readonly publicKey: string;
  /** `A…` of the account the user belongs to. */
  readonly account: string;
  /** The account's own key, or one of its plain signing keys. */
  readonly signer: NKey;
  readonly permissions: Permissions;
  /** Unix time in ms. */
  readonly expiresAt: number;
}

/**
 * A user JWT. There is no way to ask for `resp` (allow_responses) here: it would let a user publish wherever a
 * message it received points to, whatever its permissions say.
 */
export const userJwt = (claims: UserClaims): Promise<string> =>
  encodeUser(
    claims.name,
    claims.publicKey,
    claims.account,
    {
      ...USER_LIMITS,
      ...subjectsOf(claims.permissions),
    },
    { signer: signing(claims.signer), exp: Math.floor(claims.expiresAt / 1000) },
  );

const subjectsOf = ({ pub, pubDeny, sub }: Permissions) => ({
  pub: { allow: [...pub], ...(pubDeny === undefined ? {} : { deny: [...pubDeny] }) },
  sub: { allow: [...sub] },
});

/** What we read in a JWT of our own. */
export interface OwnClaims {
  readonly sub: string;
  /** Public key of the signer. */
  readonly iss: string;
  /** When it was signed, Unix time in seconds. */
  readonly iat: number;
  /** Unix time in seconds. */
  readonly exp?: number;
  readonly nats: {
    readonly issuer_account?: string;
    /** Of an account. */
    readonly signing_keys?: readonly string[];
    readonly revocations?: Readonly<Record<string, number>>;
    readonly limits?: object;
    readonly pub?: { readonly allow?: readonly string[]; readonly deny?: readonly string[] };
    readonly sub?: { readonly allow?: readonly string[] };
  };
}

/** The claims of one's own JWT; its signature is the broker's to check. @throws Error when it is not a JWT */
export function claimsIn(jwt: string): OwnClaims {
  return JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString()) as OwnClaims;
}

/** The library's idea of a key, over node:crypto: its own takes 5 ms for each signature. */
function signing(key: NKey): KeyPair {
  const not = (): never => {
    throw new Error("this key only signs");
  };
  return {
    getPublicKey: () => key.publicKey,
    sign: (data) => key.sign(data),
    // The library asks for this only to see that the key can sign, and drops it.
    getPrivateKey: () => new Uint8Array(),
    getSeed: not,
    verify: not,
    clear: not,
    seal: not,
    open: not,
  };
}
