import assert from "node:assert/strict";
import { analyse } from "../../src/control/analyse/analyse.ts";
import type { World } from "../../src/control/analyse/world.ts";
import { readResource } from "../../src/resources/read.ts";

/** What is said of resources that are right by themselves: `code document path`. */
export async function tell(values: readonly unknown[], world?: World): Promise<string[]> {
  const set = values.map((value, document) => {
    const { resource, findings } = readResource(value, document);
    assert.ok(resource, JSON.stringify(findings));
    return { resource, document };
  });
  return (await analyse(set, world)).map(({ code, document, path }) => `${code} ${document} ${path}`);
}

export const redirect = (settings: object, matches: readonly object[] = [{ path: { value: "/" } }]) => ({
  matches,
  filters: [{ type: "RequestRedirect", requestRedirect: settings }],
});
export const at = (value: string, more: object = {}) => ({ path: { type: "PathPrefix", value }, ...more });
export const full = (replaceFullPath: string) => ({ path: { type: "ReplaceFullPath", replaceFullPath } });
export const prefix = (replacePrefixMatch: string) => ({
  path: { type: "ReplacePrefixMatch", replacePrefixMatch },
});
export const matching = (...matches: object[]) => ({ rule: { matches, backendRefs: [{ name: "orders" }] } });
export const regex = (value: string) => ({ path: { type: "RegularExpression", value } });
