import { parseDuration } from "../../src/protocol/duration.ts";
import { HEADER } from "../../src/protocol/header-names.ts";
import type { RequestMatch } from "../../src/resources/match.ts";
import type { Fault as WrittenFault } from "../../src/resources/service-policy.ts";
import { MatchIndex } from "../../src/routing/match-index.ts";
import { isForCaller } from "../../src/routing/rules.ts";
import type { RegexEngine } from "../../src/routing/text-match.ts";
import type { Fault } from "../policy/inject-faults.ts";
import type { Call } from "../stack/call.ts";
import { AskedRequest } from "./asked-request.ts";

/** The faults of a policy that may concern this caller, ready to be drawn. */
export function faultsOf(
  faults: readonly WrittenFault[],
  caller: string,
  regex: RegexEngine | undefined,
): Fault[] {
  return faults.flatMap(({ matches, delay, abort }): Fault[] => {
    const ours = matches.filter((match) => isForCaller(match, caller, regex));
    if (ours.length === 0) return [];
    return [
      {
        concerns: ours.some(takesAll) ? undefined : testOf(ours, regex),
        delay: delay && { percent: delay.percent, ms: parseDuration(delay.duration)! },
        abort,
      },
    ];
  });
}

const takesAll = ({ path, method, headers = [], queryParams = [] }: RequestMatch): boolean =>
  path.type === "PathPrefix" &&
  path.value === "/" &&
  method === undefined &&
  queryParams.length === 0 &&
  headers.every(({ name }) => name.toLowerCase() === HEADER.caller);

function testOf(matches: readonly RequestMatch[], regex: RegexEngine | undefined): (call: Call) => boolean {
  const index = new MatchIndex(
    matches.map((match) => [match, true] as const),
    regex,
  );
  return ({ head: { method, path, headers, upgrade } }) =>
    index.find(new AskedRequest(method, path, headers, upgrade)) === true;
}
