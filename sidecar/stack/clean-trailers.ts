import { type Body, wholeBody } from "./body.ts";
import { PassingBody } from "./passing-body.ts";
import { withoutFields } from "./without-fields.ts";

/** Makes of header lines those that may go on. */
export type Clean = (lines: string) => string;

/**
 * The body with its trailers cleaned: what is taken from a head must not come in behind it, as some apps merge both
 * (RFC 9110 §6.5.1). A body that is here whole and has none stays as it is.
 */
export function cleanTrailers(body: Body, clean: Clean): Body {
  if (!body.complete) return new CleanedBody(body, clean);
  return body.trailers === "" ? body : wholeBody(body.first, body.framing, clean(body.trailers));
}

/** Cleans the trailers of a body from the fields of these names; no name leaves all bodies as they are. */
export function trailersWithout(names: readonly string[]): (body: Body) => Body {
  if (names.length === 0) return (body) => body;
  const clean = withoutFields(names);
  return (body) => cleanTrailers(body, clean);
}

class CleanedBody extends PassingBody {
  readonly #clean: Clean;

  constructor(body: Body, clean: Clean) {
    super(body);
    this.#clean = clean;
  }

  override end(trailers: string): void {
    super.end(trailers === "" ? "" : this.#clean(trailers));
  }
}
