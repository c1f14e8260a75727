import * as z from "zod/mini";
import { httpRoute } from "./http-route.ts";
import { meshPolicy } from "./mesh-policy.ts";
import { servicePolicy } from "./service-policy.ts";

/** What is used of JSON Schema (draft 2020-12). */
export interface JsonSchema {
  $schema?: string;
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  title?: string;
  description?: string;
  type?: string;
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: boolean | JsonSchema;
  required?: string[];
  allOf?: JsonSchema[];
  if?: JsonSchema;
  then?: JsonSchema;
}

/**
 * JSON Schema of policy files, for editors: one schema that takes every kind. It is made of the schemas that read the
 * files; rules about several fields are in its descriptions only.
 */
export function policyJsonSchema(): JsonSchema {
  const kinds = { HTTPRoute: httpRoute, ServicePolicy: servicePolicy, MeshPolicy: meshPolicy };
  const all = z.toJSONSchema(z.union(Object.values(kinds)), { io: "input" }) as JsonSchema;
  return {
    $schema: all.$schema!,
    title: "Weft policy",
    description: "A document of a policy file: HTTPRoute, ServicePolicy or MeshPolicy.",
    type: "object",
    required: ["apiVersion", "kind"],
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string", enum: Object.keys(kinds) },
    },
    // Not anyOf: an editor would then say of a misspelt field only that none of them fits.
    allOf: Object.keys(kinds).map((kind) => ({
      if: { required: ["kind"], properties: { kind: { const: kind } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { $ref: `#/$defs/${kind}` },
    })),
    $defs: all.$defs!,
  };
}
