import type { Filter } from "../../resources/filter.ts";
import type { HttpRoute, HttpRouteRule } from "../../resources/http-route.ts";
import type { RequestMatch } from "../../resources/match.ts";
import type { Asked } from "../../routing/asked.ts";
import { MatchIndex } from "../../routing/match-index.ts";
import { concerns, type Destination, isForCaller } from "../../routing/rules.ts";
import type { RegexEngine } from "../../routing/text-match.ts";
import type { Judged } from "./judged.ts";

/** One match of a rule of a route. */
export interface Place {
  readonly one: Judged<HttpRoute>;
  readonly rule: HttpRouteRule;
  readonly match: RequestMatch;
  /** `spec.rules[0].matches[1]` */
  readonly path: string;
}

type RedirectFilter = Extract<Filter, { type: "RequestRedirect" }>;

export const redirectIn = ({ filters = [] }: HttpRouteRule) =>
  filters.find((filter): filter is RedirectFilter => filter.type === "RequestRedirect")?.requestRedirect;

export const placesOf = (one: Judged<HttpRoute>): Place[] =>
  one.resource.spec.rules.flatMap((rule, i) =>
    rule.matches.map((match, j) => ({ one, rule, match, path: `spec.rules[${i}].matches[${j}]` })),
  );

/** Places looked at for indexes, all in all: about a second. */
const MAX_LOOKED_AT = 2_000_000;

/** Which match of which rule takes a request, as the sidecars of a caller will find it. */
export class Takers {
  readonly #regex: RegexEngine | undefined;
  readonly #byService = new Map<string, Place[]>();
  readonly #indexes = new Map<string, MatchIndex<Place>>();
  #lookedAt = 0;

  constructor(places: readonly Place[], regex: RegexEngine | undefined) {
    this.#regex = regex;
    for (const place of places)
      for (const name of new Set(place.one.resource.spec.parentRefs.map(({ name }) => name))) {
        const there = this.#byService.get(name);
        if (there === undefined) this.#byService.set(name, [place]);
        else there.push(place);
      }
  }

  /** True when so much was asked that answers are not right any more. */
  get exhausted(): boolean {
    return this.#lookedAt > MAX_LOOKED_AT;
  }

  find(to: Destination, caller: string, asked: Asked): Place | undefined {
    const key = `${to.service} ${to.version ?? ""} ${to.port} ${caller}`;
    const index = this.#indexes.get(key) ?? this.#indexOf(to, caller);
    this.#indexes.set(key, index);
    return index.find(asked);
  }

  #indexOf(to: Destination, caller: string): MatchIndex<Place> {
    const places = this.#byService.get(to.service) ?? [];
    this.#lookedAt += places.length;
    const attached = this.exhausted
      ? []
      : places.filter(
          ({ one, match }) => concerns(one.resource, to) && isForCaller(match, caller, this.#regex),
        );
    return new MatchIndex(
      attached.map((place) => [place.match, place]),
      this.#regex,
    );
  }
}
