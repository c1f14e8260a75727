import { analyse } from "../../control/analyse/analyse.ts";
import type { Finding } from "../../resources/finding.ts";
import { readResource } from "../../resources/read.ts";
import { Fault } from "../fault.ts";
import type { Item } from "./files/load.ts";
import { printable } from "./report.ts";

/** What was found; `unasked` is a sentence that says why the registry, which knows the services, was not asked. */
export interface Checked {
  readonly findings: readonly Finding[];
  readonly unasked?: string;
}

/**
 * What the registry says of what could be read, when the rest could not; without a registry, what can be said here.
 * @param ask throws Fault when it cannot be asked
 */
export async function checkReadable(
  items: readonly Item[],
  ask: () => Promise<readonly Finding[]>,
): Promise<Checked> {
  if (items.length === 0) return { findings: [] };
  try {
    return { findings: await ask() };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const unasked = `services and versions were not looked for: ${printable(error.message)}`;
    return { findings: await checkOffline(items), unasked };
  }
}

/** Everything that can be said about resources without a mesh: of each by itself, then of those that are right together. */
export async function checkOffline(items: readonly Item[]): Promise<Finding[]> {
  const read = items.map(({ value }, document) => ({ document, ...readResource(value, document) }));
  const set = read.flatMap(({ resource, document }) =>
    resource === undefined ? [] : [{ resource, document }],
  );
  return [...read.flatMap(({ findings }) => findings), ...(await analyse(set))];
}
