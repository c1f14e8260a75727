import type { App } from "../../../registry/http/routes.ts";
import { errorAnswer } from "../../../registry/http/schemas.ts";
import type { Explainer } from "../../explain/explain.ts";
import type { TraceBook } from "../trace-book.ts";
import { treeOf } from "../tree.ts";
import { traceAnswer, traceParams, tracesAnswer, tracesQuery } from "./schemas.ts";

export interface TraceRouteDeps {
  readonly book: TraceBook;
  readonly explainer: Pick<Explainer, "trace">;
  /** Whether a request shows the admin token, by its `Authorization`. */
  readonly isAdmin: (authorization: string | undefined) => boolean;
}

/** Kept traces over HTTP, in the scope of the policy's routes, whose errors they share. */
export function addTraceRoutes(app: App, { book, explainer, isAdmin }: TraceRouteDeps): void {
  app.get(
    "/v1/traces",
    {
      schema: {
        summary: "Traces of the last hour that sidecars keep: recent, slow and failed ones",
        querystring: tracesQuery,
        response: { 200: tracesAnswer, 400: errorAnswer },
      },
    },
    async ({ query: { limit, ...filter } }) => ({
      traces: book.list(filter, limit).map((trace) => ({
        ...trace,
        why: [...trace.why],
        services: [...trace.services],
      })),
    }),
  );

  app.get(
    "/v1/traces/:traceId",
    {
      schema: {
        summary: "One trace as a tree of calls, from all sidecars that know of it",
        description: "Without the admin token what may hold somebody's data is left out: paths and messages.",
        security: [{}, { admin: [] }],
        params: traceParams,
        response: { 200: traceAnswer, 400: errorAnswer, 503: errorAnswer },
      },
    },
    async ({ params: { traceId }, headers: { authorization } }) => {
      const accounts = await explainer.trace(traceId);
      const rows = treeOf(accounts);
      const whole = isAdmin(authorization);
      return {
        traceId,
        at: rows[0]?.at ?? 0,
        ms: Math.max(0, ...rows.map(({ startMs, ms }) => startMs + ms)),
        spans: rows.map(({ path, message, access, began, ...open }) => ({
          ...open,
          ...(began === undefined ? {} : { began: [...began] }),
          ...(whole ? { path, message, access } : {}),
        })),
      };
    },
  );
}
