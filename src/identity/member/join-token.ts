/** What a new instance needs to enrol: where, whom to trust there, and a secret that works once. */
export interface JoinToken {
  /** The authority's URL. */
  readonly url: string;
  /** SHA-256 of the root CA's public key, base64url. */
  readonly pin: string;
  readonly id: string;
  /** 192 random bits, base64url. */
  readonly secret: string;
}

export class JoinTokenError extends Error {
  override readonly name = "JoinTokenError";
}

export const joinTokenText = ({ url, pin, id, secret }: JoinToken): string =>
  Buffer.from(JSON.stringify({ u: url, p: pin, i: id, s: secret })).toString("base64url");

/** @throws JoinTokenError that does not repeat the text, which is a secret */
export function parseJoinToken(text: string): JoinToken {
  try {
    const { u, p, i, s } = JSON.parse(Buffer.from(text.trim(), "base64url").toString()) as Record<
      string,
      unknown
    >;
    if (typeof u === "string" && typeof p === "string" && typeof i === "string" && typeof s === "string")
      if (new URL(u).protocol === "https:") return { url: u, pin: p, id: i, secret: s };
  } catch {}
  throw new JoinTokenError('this is not a whole token: copy all of what "weft token SERVICE" printed');
}
