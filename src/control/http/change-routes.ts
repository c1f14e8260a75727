import type { FastifyReply, onRequestAsyncHookHandler } from "fastify";
import type { App } from "../../registry/http/routes.ts";
import { errorAnswer } from "../../registry/http/schemas.ts";
import type { Outcome, PolicyEditor } from "../edit/editor.ts";
import { MAX_BODY_BYTES } from "./errors.ts";
import {
  analyzeBody,
  applyBody,
  changeAnswer,
  deleteBody,
  findingsAnswer,
  refusedAnswer,
  rollbackBody,
} from "./schemas.ts";
import { doneView, refusedView } from "./views.ts";

const response = {
  200: changeAnswer,
  400: errorAnswer,
  401: errorAnswer,
  413: errorAnswer,
  422: refusedAnswer,
  503: errorAnswer,
};
const security = [{ admin: [] }];

/** What changes the policy, for admins; and asking what would be wrong with it, for everybody. */
export function addChangeRoutes(app: App, editor: PolicyEditor, admin: onRequestAsyncHookHandler): void {
  const bodyLimit = MAX_BODY_BYTES;

  app.post(
    "/v1/policy/apply",
    {
      ...{ bodyLimit, onRequest: admin },
      schema: {
        summary: "Create or replace resources: all of them, or none",
        security,
        body: applyBody,
        response,
      },
    },
    async ({ body: { resources, ...options } }, reply) =>
      answer(reply, await editor.apply(resources, options)),
  );

  app.post(
    "/v1/policy/delete",
    {
      ...{ bodyLimit, onRequest: admin },
      schema: { summary: "Delete resources: all of them, or none", security, body: deleteBody, response },
    },
    async ({ body: { resources, ...options } }, reply) =>
      answer(reply, await editor.delete(resources, options)),
  );

  app.post(
    "/v1/policy/rollback",
    {
      ...{ bodyLimit, onRequest: admin },
      schema: {
        summary: "Make the policy what it was at an earlier revision",
        ...{ security, body: rollbackBody },
        response: { ...response, 404: errorAnswer },
      },
    },
    async ({ body: { revision, ...options } }, reply) =>
      answer(reply, await editor.rollback(revision, options)),
  );

  app.post(
    "/v1/policy/analyze",
    {
      bodyLimit,
      schema: {
        summary: "What would be wrong with resources, or is with the policy; nothing is stored",
        body: analyzeBody,
        response: { 200: findingsAnswer, 400: errorAnswer, 413: errorAnswer, 503: errorAnswer },
      },
    },
    async ({ body: { resources } }) => ({ findings: [...(await editor.analyse(resources))] }),
  );
}

const answer = (reply: FastifyReply, outcome: Outcome) =>
  outcome.kind === "done" ? reply.send(doneView(outcome)) : reply.code(422).send(refusedView(outcome));
