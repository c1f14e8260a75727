import { AskedRequest } from "../../sidecar/outbound/asked-request.ts";
import type { RequestMatch } from "../../src/resources/match.ts";
import type { Asked } from "../../src/routing/asked.ts";
import { MatchIndex } from "../../src/routing/match-index.ts";
import { loadRegexEngine } from "../../src/routing/text-match.ts";

export const regex = await loadRegexEngine();

/** A request: its target with the query, and what a test wants different. */
export const asked = (target: string, { method = "GET", headers = "" } = {}): Asked =>
  new AskedRequest(method, target, headers);

type PathMatch = RequestMatch["path"];

export const exact = (value: string): PathMatch => ({ type: "Exact", value });
export const prefix = (value: string): PathMatch => ({ type: "PathPrefix", value });
export const pattern = (value: string): PathMatch => ({ type: "RegularExpression", value });

type Named = NonNullable<RequestMatch["headers"]>[number];

export const is = (name: string, value: string): Named => ({ type: "Exact", name, value });
export const like = (name: string, value: string): Named => ({ type: "RegularExpression", name, value });

/** A match on any path, but for what is given. */
export const match = (part: Partial<RequestMatch> = {}): RequestMatch => ({ path: prefix("/"), ...part });

/** Finds by these entries; what it gives is the name of the entry. */
export const index = (entries: Readonly<Record<string, RequestMatch>>): MatchIndex<string> =>
  new MatchIndex(
    Object.entries(entries).map(([name, entry]) => [entry, name] as const),
    regex,
  );
