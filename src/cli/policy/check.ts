import { analyse } from "../../control/analyse/analyse.ts";
import type { Finding } from "../../resources/finding.ts";
import { readResource } from "../../resources/read.ts";
import type { Item } from "./files/load.ts";

/** Everything that can be said about resources without a mesh: of each by itself, then of those that are right together. */
export async function checkOffline(items: readonly Item[]): Promise<Finding[]> {
  const read = items.map(({ value }, document) => ({ document, ...readResource(value, document) }));
  const set = read.flatMap(({ resource, document }) =>
    resource === undefined ? [] : [{ resource, document }],
  );
  return [...read.flatMap(({ findings }) => findings), ...(await analyse(set))];
}
