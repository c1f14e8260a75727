import { TOKEN_PROBLEMS, type TokenProblem, type Verdict } from "../../src/protocol/token-verdict.ts";
import type { Call, Layer, Service } from "../stack/call.ts";
import { cleanTrailers } from "../stack/clean-trailers.ts";
import { failed, type Outcome, type Refused, refused } from "../stack/outcome.ts";
import { withoutFields } from "../stack/without-fields.ts";
import { type ClaimField, fieldsOf } from "./claim-fields.ts";

/** Where tokens of some providers are looked for. */
export interface TokenPlace {
  /** The token in a header block; undefined for none, null for more than one. */
  read(headers: string): string | null | undefined;
  /** At once, or later when keys have to be fetched or a signature to be checked. */
  check(token: string): Verdict | Promise<Verdict>;
  /** The header block without what `read` finds. */
  without(headers: string): string;
}

/** What is done once a token of a provider was found good. */
export interface TokenUse {
  readonly fields: readonly ClaimField[];
  /** The token goes on to the app. */
  readonly forward: boolean;
}

export interface AuthenticateOptions {
  readonly places: readonly TokenPlace[];
  /** By the provider's name. */
  readonly uses: ReadonlyMap<string, TokenUse>;
  /** Whether a call must have a token. */
  readonly required: boolean;
  /** Paths that need none, and what is below them. */
  readonly exempt: readonly string[];
  /** RFC 6750 §3: what the token is for; the service. */
  readonly realm: string;
  /** Told of each token, and of each that is missing. @param provider empty when it is not known */
  readonly counted: (provider: string, result: TokenProblem | "accepted" | "missing") => void;
}

/**
 * Lets only calls through whose end user has a good token, where policy asks for one. A token that is there must be good
 * even where none is needed: it would else be read by the app as if somebody had looked at it. Sets `call.claims`.
 */
export function authenticate(options: AuthenticateOptions): Layer {
  const { places, uses, required, realm, counted } = options;
  const clean = withoutFields([...uses.values()].flatMap(({ fields }) => fields.map(({ header }) => header)));
  // No token is looked for behind a body, so none may come in there.
  const cleanBehind = (trailers: string) =>
    places.reduce((lines, place) => place.without(lines), clean(trailers));
  const isExempt = exemption(options.exempt);

  const refuse = (provider: string, problem: TokenProblem): Promise<Refused> => {
    counted(provider, problem);
    return Promise.resolve(refusal(realm, problem));
  };
  const judge = (call: Call, place: TokenPlace, verdict: Verdict, inner: Service): Promise<Outcome> => {
    if (verdict.problem !== undefined) return refuse(verdict.provider, verdict.problem);
    const { provider, claims } = verdict;
    counted(provider, "accepted");
    const { fields, forward } = uses.get(provider)!;
    const { head } = call;
    if (!forward) head.headers = place.without(head.headers);
    head.headers += fieldsOf(claims, fields);
    call.claims = claims;
    return inner(call);
  };

  return (inner) => (call) => {
    const { head } = call;
    let found: TokenPlace | undefined;
    let token: string | undefined;
    for (const place of places) {
      const read = place.read(head.headers);
      if (read === undefined) continue;
      // Two parsers could take two users from it; and a caller must not use two ways (RFC 6750 §2).
      if (read === null || found !== undefined) return refuse("", "several");
      found = place;
      token = read;
    }
    head.headers = clean(head.headers);
    head.body = cleanTrailers(head.body, cleanBehind);
    if (found === undefined || token === undefined) {
      if (!required || isExempt(call.path)) return inner(call);
      counted("", "missing");
      return Promise.resolve(missing(realm));
    }
    const place = found;
    const verdict = place.check(token);
    if (!(verdict instanceof Promise)) return judge(call, place, verdict, inner);
    return verdict.then((late) =>
      call.cancelled === undefined
        ? judge(call, place, late, inner)
        : failed(call.cancelled, "no", "it ended while the token of its end user was checked"),
    );
  };
}

/** RFC 6750 §3: without a token nothing is said of an error. */
const missing = (realm: string): Refused => ({
  ...refused("unauthenticated", `${realm} asks for the token of an end user, and there is none`),
  headers: `WWW-Authenticate: Bearer realm="${realm}"\r\n`,
});

function refusal(realm: string, problem: TokenProblem): Refused {
  const why = TOKEN_PROBLEMS[problem];
  if (problem === "issuer-away") return refused("issuer-away", why);
  return {
    ...refused("unauthenticated", why),
    headers: `WWW-Authenticate: Bearer realm="${realm}", error="invalid_token", error_description="${why}"\r\n`,
  };
}

/** Only what every parser reads alike: no escapes, no parameters, no empty segment. */
const PLAIN_PATH = /^(?:\/(?!\/)[-A-Za-z0-9._~!$&'()*+,=:@]*)+$/;
const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/;

/** Whether a request target is of a path that needs no token. @param paths as policy has them */
export function exemption(paths: readonly string[]): (target: string) => boolean {
  if (paths.length === 0) return () => false;
  const bases = paths.map((path) => (path.endsWith("/") ? path.slice(0, -1) : path));
  return (target) => {
    const query = target.indexOf("?");
    const path = query < 0 ? target : target.slice(0, query);
    if (!PLAIN_PATH.test(path) || DOT_SEGMENT.test(path)) return false;
    return bases.some((base) => path === base || path.startsWith(`${base}/`));
  };
}
