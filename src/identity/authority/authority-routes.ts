import { randomBytes } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { WEFT_VERSION } from "../../protocol/weft-version.ts";
import { NameError, serviceName } from "../../subjects/token.ts";
import { mintTap } from "../keys/mint.ts";
import { joinTokenText } from "../member/join-token.ts";
import { checkClaim } from "../proofs.ts";
import type { Ledger } from "../records/ledger.ts";
import type { AuthorityEvent } from "../records/record-events.ts";
import type { AccessAnswer, ErrorAnswer, Grant, HealthAnswer, TapGrant, TokenAnswer } from "../wire.ts";
import type { AccessBook } from "./access-book.ts";
import { admit, type Proven } from "./admission.ts";
import { accessSchema, enrolSchema, renewSchema, tapSchema, tokenSchema } from "./authority-schemas.ts";
import { byToken, type Entitlement, refuseOther } from "./entitlement.ts";
import type { Grantee, Granter } from "./grant.ts";
import { peerOf, requireAdmin, requireRegistry } from "./peer.ts";
import type { PlatformTokens } from "./platform/platform-tokens.ts";
import { Refusal } from "./refusal.ts";
import type { TokenStore } from "./token-store.ts";

export interface AuthorityState {
  /** Another one after a rotation: to be asked for at each request. */
  readonly granter: Granter;
  readonly access: AccessBook;
  readonly tokens: TokenStore;
  /** Takes tokens of platforms; absent when none is trusted. */
  readonly platform?: PlatformTokens | undefined;
  readonly ledger: Ledger;
  /** Where sidecars reach this authority: goes into tokens. */
  readonly publicUrl: () => string;
  readonly now: () => number;
  readonly onEvent: (event: AuthorityEvent) => void;
}

/** The table of who may send to whom: ten thousand services, with some callers each. */
const MOST_TABLE_BYTES = 8 << 20;

/** A JWT ends at a whole second: nobody is cut off before the time that he asked for. */
const TAP_GRACE_MS = 1000;

/** The authority's HTTP interface: `/enrol`, `/renew`, `/tokens`, `/taps`, `/access`, `/healthz`. */
export function addRoutes(server: FastifyInstance, state: AuthorityState): void {
  const { tokens, access, now, onEvent } = state;
  const { mesh } = state.granter.mint;
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  const app = server.withTypeProvider<ZodTypeProvider>();

  const admitted = async (kind: "enrolled" | "renewed", who: Grantee, proven: Proven): Promise<Grant> => {
    const granted = await admit(state, who, proven);
    const { service, instance, version, nkey } = who;
    onEvent({ kind, service, instance, version, nkey, by: proven.by, address: proven.address });
    return granted;
  };

  const byPlatform = (token: string, wanted: string | undefined): Promise<Entitlement> => {
    if (state.platform !== undefined) return state.platform.entitlement(token, wanted);
    throw new Refusal(
      "platform-off",
      "this authority trusts no platform",
      "start it with --trust-issuers FILE, or enrol with a token of weft",
    );
  };

  app.get("/healthz", (): HealthAnswer => ({ ok: true, mesh, weft: WEFT_VERSION }));

  app.post("/enrol", { schema: { body: enrolSchema } }, async (request): Promise<Grant> => {
    const { token, platform, service: wanted, ...claim } = request.body;
    // The cheap check first: without something good nobody makes us verify the claim.
    const entitled =
      token === undefined ? await byPlatform(platform!.token, wanted) : byToken(tokens, token, request.ip);
    const tlsKey = checkClaim(entitled.purpose, socketOf(request), claim);
    refuseOther(entitled, wanted);
    const { service, by, since } = entitled;
    const who = {
      service,
      instance: entitled.take(claim.nkey),
      version: claim.version,
      nkey: claim.nkey,
      tlsKey,
    };
    return admitted("enrolled", who, { by, address: request.ip, since });
  });

  app.post("/renew", { schema: { body: renewSchema } }, async (request): Promise<Grant> => {
    const { version, nkey } = request.body;
    const peer = peerOf(mesh, socketOf(request));
    if (peer.holder.kind !== "instance")
      throw new Refusal("certificate-refused", "only instances renew here", 'start "weft up" once more');
    if (peer.nkey !== nkey)
      throw new Refusal("key-differs", "the certificate was issued along with another NKey", "enrol anew");
    const tlsKey = checkClaim("renew", socketOf(request), request.body);
    const { service, instance } = peer.holder;
    const who = { service, instance, version, nkey, tlsKey };
    return admitted("renewed", who, { by: "certificate", address: request.ip, since: peer.issuedAt });
  });

  app.post("/tokens", { schema: { body: tokenSchema } }, async (request): Promise<TokenAnswer> => {
    requireAdmin(mesh, socketOf(request));
    const { service, ttlMs, uses, cidrs } = request.body;
    serviceName(service);
    const { record, secret } = tokens.create(service, ttlMs, uses, cidrs);
    const { id, expiresAt } = record;
    onEvent({ kind: "token", service, id, uses, cidrs, expiresAt, address: request.ip });
    const token = joinTokenText({ url: state.publicUrl(), pin: state.granter.pin, id, secret });
    return { token, id, service, expiresAt, uses, cidrs };
  });

  app.post("/taps", { schema: { body: tapSchema } }, async (request): Promise<TapGrant> => {
    requireAdmin(mesh, socketOf(request));
    const { nkey, forMs, ...asked } = request.body;
    serviceName(asked.service);
    const id = randomBytes(12).toString("hex");
    const expiresAt = now() + forMs + TAP_GRACE_MS;
    const jwt = await mintTap(state.granter.mint, { id, service: asked.service }, nkey, expiresAt);
    // Written down before it is handed out.
    onEvent({ kind: "tap", id, nkey, ...asked, expiresAt, by: "admin", address: request.ip });
    return { id, jwt, expiresAt };
  });

  app.put(
    "/access",
    {
      bodyLimit: MOST_TABLE_BYTES,
      // Before the body is read: nobody else may send so much.
      onRequest: async (request) => requireRegistry(mesh, socketOf(request)),
      schema: { body: accessSchema },
    },
    async ({ body, ip }): Promise<AccessAnswer> => {
      const before = access.revision;
      const answer = access.take(body, now());
      const { lineage, revision } = body;
      if (answer.taken && revision !== before) {
        const { services = ["*"], unlisted } = answer;
        const whom = { services, ...(unlisted && { unlisted }) };
        onEvent({ kind: "access", lineage, revision, ...whom, address: ip });
      }
      return answer;
    },
  );

  server.setNotFoundHandler((request) => {
    throw new Refusal(
      "not-found",
      `there is no ${request.method} ${request.url}`,
      "see src/identity/README.md",
    );
  });
  server.setErrorHandler((error, request, reply) => {
    const { code, message, cure, status } = refusalFor(error);
    onEvent({ kind: "refused", path: request.url, code, message, address: request.ip });
    const answer: ErrorAnswer = { code, message, cure };
    return reply.code(status).send(answer);
  });
}

const socketOf = (request: FastifyRequest): TLSSocket => request.raw.socket as TLSSocket;

function refusalFor(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const { message, statusCode = 500 } = error as Error & { statusCode?: number };
  if (error instanceof NameError) return new Refusal("bad-request", message, "choose another name");
  if (statusCode === 413) return new Refusal("too-large", message, "send less: no request here needs 16 KiB");
  if (statusCode >= 400 && statusCode < 500)
    return new Refusal("bad-request", message, "is the sidecar of a version that fits this authority?");
  return new Refusal("internal", `the authority failed: ${message}`, "look into its log");
}
