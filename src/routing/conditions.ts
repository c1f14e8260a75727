import { HEADER } from "../protocol/header-names.ts";
import type { RequestMatch } from "../resources/match.ts";
import type { Asked } from "./asked.ts";
import { type RegexEngine, textTest } from "./text-match.ts";

type Condition = (asked: Asked) => boolean;

/**
 * What a match asks besides the path: all of it must hold.
 * @returns undefined when it asks nothing else
 */
export function conditionsOf(match: RequestMatch, regex: RegexEngine | undefined): Condition | undefined {
  const conditions = [
    ...(match.method === undefined ? [] : [methodIs(match.method)]),
    ...firstOfEachName(match.headers ?? [], (name) => name.toLowerCase()).map((one) => header(one, regex)),
    ...firstOfEachName(match.queryParams ?? [], (name) => name).map((one) => queryParam(one, regex)),
  ];
  if (conditions.length <= 1) return conditions[0];
  return (asked) => conditions.every((condition) => condition(asked));
}

type NamedMatch = NonNullable<RequestMatch["headers"]>[number];

/** "Only the first entry with an equivalent name MUST be considered" (HTTPHeaderMatch.name, HTTPQueryParamMatch.name). */
function firstOfEachName(list: readonly NamedMatch[], keyOf: (name: string) => string): NamedMatch[] {
  const seen = new Set<string>();
  return list.filter(({ name }) => {
    const key = keyOf(name);
    return !seen.has(key) && seen.add(key);
  });
}

/** Who calls has been asked when the rules were chosen (`rulesFor`). */
const ALWAYS: Condition = () => true;

const methodIs =
  (method: string): Condition =>
  (asked) =>
    asked.method === method;

function header(match: NamedMatch, regex: RegexEngine | undefined): Condition {
  const name = match.name.toLowerCase();
  if (name === HEADER.caller) return ALWAYS;
  const test = textTest(match, regex);
  return (asked) => {
    const value = asked.header(name);
    return value !== undefined && test(value);
  };
}

function queryParam(match: NamedMatch, regex: RegexEngine | undefined): Condition {
  const test = textTest(match, regex);
  return ({ query }) => {
    if (query === "") return false;
    // The first value counts where a name is repeated, as the specification recommends.
    // A `?` at its start belongs to the first name, but is dropped when nothing stands before it.
    const value = new URLSearchParams(query[0] === "?" ? `&${query}` : query).get(match.name);
    return value !== null && test(value);
  };
}
