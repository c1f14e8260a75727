import { useContext } from "preact/hooks";
import { useNow } from "../data/live.ts";
import { Here } from "../data/place.ts";
import { clockText, spanText } from "../model/format.ts";

/** What is kept, and how finely the slider goes through it. */
const HOUR_S = 3600;
const STEP_S = 15;

/** Goes back within the last hour. The moment is in the address, so that it can be sent to somebody. */
export function TimeTravel({ at }: { readonly at: number | undefined }) {
  const { path, go } = useContext(Here);
  const now = useNow();
  const ago = at === undefined ? 0 : Math.round((now - at) / 1000);
  const travel = (seconds: number) =>
    go(
      path,
      { at: seconds <= 0 ? null : String(Math.round((Date.now() - seconds * 1000) / 1000) * 1000) },
      true,
    );
  return (
    <div class="travel">
      <label for="at">Time</label>
      <input
        id="at"
        type="range"
        min={-HOUR_S}
        max={0}
        step={STEP_S}
        value={-Math.min(HOUR_S, ago)}
        aria-valuetext={at === undefined ? "now" : `${clockText(at)}, ${spanText(now - at)} ago`}
        onInput={(event) => travel(-Number(event.currentTarget.value))}
      />
      <output for="at">{at === undefined ? "now" : `${clockText(at)} · ${spanText(now - at)} ago`}</output>
      <button type="button" disabled={at === undefined} onClick={() => travel(0)}>
        Back to now
      </button>
    </div>
  );
}

/** The moment that the address names; undefined for now. */
export function atOf(query: URLSearchParams): number | undefined {
  const at = Number(query.get("at"));
  return Number.isSafeInteger(at) && at > 0 ? at : undefined;
}
