import type { App } from "../../registry/http/routes.ts";
import { errorAnswer } from "../../registry/http/schemas.ts";
import type { AuthorityWatch } from "../access/authority-watch.ts";
import type { AuthorityTeller } from "../access/teller.ts";
import type { PolicyEditor } from "../edit/editor.ts";
import { UnavailableError } from "../edit/unavailable.ts";
import type { Explainer } from "../explain/explain.ts";
import type { HeldPolicy } from "../held-policy.ts";
import type { RenewalDesk } from "../renew/renewal-desk.ts";
import type { Sidecars } from "../sidecars.ts";
import type { PolicyKeeper } from "../store/keeper.ts";
import { addTraceRoutes } from "../traces/http/routes.ts";
import type { TraceBook } from "../traces/trace-book.ts";
import { adminOnly, knowsToken, ownOriginOnly } from "./admin.ts";
import { addChangeRoutes } from "./change-routes.ts";
import { onError } from "./errors.ts";
import {
  explainAnswer,
  explainParams,
  historyAnswer,
  policyAnswer,
  policyQuery,
  renewalAnswer,
  renewalBody,
  revisionAnswer,
  revisionParams,
  sidecarsAnswer,
} from "./schemas.ts";
import { authorityView, policyView, revisionView, sidecarView, summaryView } from "./views.ts";

export interface PolicyRouteDeps {
  readonly held: HeldPolicy;
  readonly keeper: PolicyKeeper;
  readonly editor: PolicyEditor;
  readonly sidecars: Sidecars;
  readonly explainer: Explainer;
  readonly traces: TraceBook;
  readonly renewals: RenewalDesk;
  readonly teller: Pick<AuthorityTeller, "state">;
  readonly watch: Pick<AuthorityWatch, "state">;
  /** What who writes must know; see `admin-token.ts`. */
  readonly adminToken: string;
}

/** The policy over HTTP, in a scope of the registry's API. */
export function addPolicyRoutes(app: App, deps: PolicyRouteDeps): void {
  const { held, keeper, sidecars, explainer, renewals, adminToken } = deps;
  const admin = adminOnly(adminToken);
  app.setErrorHandler(onError);
  app.addHook("onRequest", ownOriginOnly);
  addChangeRoutes(app, deps.editor, admin);
  addTraceRoutes(app, { book: deps.traces, explainer, isAdmin: knowsToken(adminToken) });

  app.get(
    "/v1/policy",
    {
      schema: {
        summary: "The policy, or the resources of it that match",
        querystring: policyQuery,
        response: { 200: policyAnswer, 503: errorAnswer },
      },
    },
    async ({ query }) => {
      if (held.record !== undefined) return policyView(held.record, keeper.state, query);
      const { kind, cause = "it has only just started" } = keeper.state;
      throw new UnavailableError(
        kind === "broken" ? "store-broken" : "policy-loading",
        `the registry does not know the policy (${cause}): ${kind === "broken" ? '"weft rollback" puts an earlier one in its place' : "is the broker up, with JetStream and a leader?"}`,
      );
    },
  );

  app.get(
    "/v1/policy/history",
    { schema: { summary: "The last revisions", response: { 200: historyAnswer, 503: errorAnswer } } },
    async () => ({ revisions: (await keeper.history()).map(summaryView) }),
  );

  app.get(
    "/v1/policy/history/:revision",
    {
      schema: {
        summary: "The whole policy at one revision",
        params: revisionParams,
        response: { 200: revisionAnswer, 404: errorAnswer, 503: errorAnswer },
      },
    },
    async ({ params: { revision } }, reply) => {
      const record = await keeper.recordAt(revision);
      if (record !== undefined) return revisionView(record);
      const message = `revision ${revision} is not kept: /v1/policy/history lists those that are`;
      return reply.code(404).send({ error: { code: "unknown-revision", message } });
    },
  );

  app.get(
    "/v1/sidecars",
    { schema: { summary: "Every sidecar, and the policy it runs", response: { 200: sidecarsAnswer } } },
    async () => {
      const { loaded, lineage, revision } = held;
      const rows = sidecars.rows(loaded ? { lineage, revision } : undefined);
      return {
        lineage,
        revision,
        authority: authorityView(deps.teller.state, deps.watch.state),
        sidecars: rows.map(sidecarView),
      };
    },
  );

  app.get(
    "/v1/explain/:requestId",
    {
      onRequest: admin,
      schema: {
        summary: "What sidecars know of one recent request",
        security: [{ admin: [] }],
        params: explainParams,
        response: { 200: explainAnswer, 400: errorAnswer, 401: errorAnswer, 503: errorAnswer },
      },
    },
    async ({ params: { requestId } }) => ({
      requestId,
      accounts: (await explainer.explain(requestId)).map((account) => ({ ...account })),
    }),
  );

  app.post(
    "/v1/renewals",
    {
      onRequest: admin,
      schema: {
        summary: "Have identities that were issued before a time renewed now",
        security: [{ admin: [] }],
        body: renewalBody,
        response: { 200: renewalAnswer, 400: errorAnswer, 401: errorAnswer },
      },
    },
    async ({ body }) => {
      renewals.ask(body);
      return { asked: true as const };
    },
  );
}
