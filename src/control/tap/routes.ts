import { z } from "zod";
import type { App } from "../../registry/http/routes.ts";
import { errorAnswer } from "../../registry/http/schemas.ts";
import { isToken } from "../../subjects/token.ts";
import { adminOnly } from "../http/admin.ts";
import type { TapDesk } from "./tap-desk.ts";
import { MAX_WHERE, WhereError, where } from "./where.ts";
import { MAX_HOLD_MS, MAX_TAP_BODY, MAX_TAP_RATE } from "./wire.ts";

const params = z.object({ id: z.string().regex(/^[0-9a-f]{24}$/, "not the id of a tap") });
const body = z.strictObject({
  service: z.string().refine(isToken, "not the name of a service"),
  side: z
    .enum(["server", "client"])
    .default("server")
    .describe("The calls that it gets, or those that it makes"),
  where: z.string().max(MAX_WHERE).default("").describe("Such as `status >= 500 && caller == web`"),
  bodyBytes: z.int().min(0).max(MAX_TAP_BODY).default(0).describe("Of each body; 0 for none"),
  rate: z.int().min(1).max(MAX_TAP_RATE).default(50).describe("Calls a second from each sidecar, at most"),
  holdMs: z
    .int()
    .min(0)
    .max(MAX_HOLD_MS)
    .describe("It goes on for so long unless it is put again; 0 ends it"),
});

/** Taps over HTTP, in a scope of the registry's API. */
export function addTapRoutes(app: App, desk: TapDesk, adminToken: string): void {
  app.put(
    "/v1/taps/:id",
    {
      onRequest: adminOnly(adminToken),
      schema: {
        summary: "Have the sidecars of a service tell of its calls",
        description: "Under an id that the authority grants, along with the credential that hears them.",
        security: [{ admin: [] }],
        params,
        body,
        response: {
          200: z.object({ told: z.literal(true) }),
          400: errorAnswer,
          401: errorAnswer,
          503: errorAnswer,
        },
      },
    },
    async ({ params: { id }, body: asked }, reply) => {
      try {
        where(asked.where);
      } catch (error) {
        if (!(error instanceof WhereError)) throw error;
        return reply.code(400).send({ error: { code: "bad-request", message: error.message } });
      }
      const problem = desk.order({ id, ...asked });
      if (problem === undefined) return { told: true as const };
      return reply.code(503).send({ error: { code: "busy", message: problem } });
    },
  );
}
