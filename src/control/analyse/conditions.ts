import type { RequestMatch } from "../../resources/match.ts";

/** The same text for the same conditions, however they are written: order and case of names do not count. */
export function conditionsKey({ path, method, headers = [], queryParams = [] }: RequestMatch): string {
  const prefix = path.type === "PathPrefix" && path.value.length > 1;
  return JSON.stringify([
    path.type,
    // `/abc` and `/abc/` are the same prefix (HTTPPathMatch, "PathPrefix").
    prefix ? path.value.replace(/\/$/, "") : path.value,
    method ?? "",
    headers.map(({ type, name, value }) => [name.toLowerCase(), type, value].join("\n")).sort(),
    queryParams.map(({ type, name, value }) => [name, type, value].join("\n")).sort(),
  ]);
}
