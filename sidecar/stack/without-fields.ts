/**
 * Removes the fields of these names, also when they are spelt with `_` for `-`: many servers give both to an app under
 * one name (CGI, RFC 3875 §4.1.18).
 */
export function withoutFields(names: readonly string[]): (headers: string) => string {
  if (names.length === 0) return (headers) => headers;
  const spelling = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/[-_]/g, "[-_]"));
  const line = new RegExp(`^(?:${spelling.join("|")})[ \\t]*:[^\\n]*\\n`, "gim");
  return (headers) => headers.replace(line, "");
}
