/** A path or a URI without its query, which is told nowhere because it may hold secrets. */
export function withoutQuery(path: string): string {
  const query = path.indexOf("?");
  return query < 0 ? path : path.slice(0, query);
}
