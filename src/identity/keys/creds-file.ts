import { NKey } from "./nkey.ts";

/** A user's JWT and key, as in the `.creds` file that every NATS tool reads. */
export interface UserCreds {
  readonly jwt: string;
  readonly key: NKey;
}

export const credsText = ({ jwt, key }: UserCreds): string => `-----BEGIN NATS USER JWT-----
${jwt}
------END NATS USER JWT------

************************* IMPORTANT *************************
This seed proves who you are: keep the file to yourself.

-----BEGIN USER NKEY SEED-----
${key.seed()}
------END USER NKEY SEED------
`;

/** @returns undefined when the text is not a creds file */
export function parseCreds(text: string): UserCreds | undefined {
  const jwt = /BEGIN NATS USER JWT-+\s+(\S+)/.exec(text)?.[1];
  const seed = /BEGIN USER NKEY SEED-+\s+(\S+)/.exec(text)?.[1];
  return jwt === undefined || seed === undefined ? undefined : { jwt, key: NKey.fromSeed(seed) };
}
