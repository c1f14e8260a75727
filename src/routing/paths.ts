import type { PathModifier } from "../resources/filter.ts";
import { withoutLastSlash } from "./match-index.ts";

/**
 * The path that a URLRewrite or RequestRedirect makes of one.
 * @param path without the query; the `*` of OPTIONS is no path, and stays
 * @param matched the prefix that took the request, for `ReplacePrefixMatch`
 */
export function modifiedPath(modifier: PathModifier, path: string, matched: string): string {
  if (path === "*") return path;
  if (modifier.type === "ReplaceFullPath") return absolute(modifier.replaceFullPath);
  const rest = path.slice(withoutLastSlash(matched).length);
  // The table of HTTPPathModifier.replacePrefixMatch: no slash is doubled, and the path never becomes empty.
  return absolute(withoutLastSlash(modifier.replacePrefixMatch) + rest);
}

const absolute = (path: string): string => (path.startsWith("/") ? path : `/${path}`);
