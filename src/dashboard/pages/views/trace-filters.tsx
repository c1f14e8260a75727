import { useContext } from "preact/hooks";
import type { Graph } from "../data/answers.ts";
import { Here } from "../data/place.ts";
import { KINDS } from "../data/trace-answers.ts";
import { msText } from "../model/format.ts";
import { explainHref, filterOf, isRequestId, traceHref, traceIdIn } from "../model/trace-filter.ts";
import { Choices } from "./overview.tsx";

const LEAST_MS = [0, 10, 50, 100, 500, 1000, 5000];

/** Which traces are shown; all of it is in the address. @param graph names services to choose from */
export function TraceFilters({ graph }: { readonly graph: Graph | undefined }) {
  const { query, path, go } = useContext(Here);
  const { kind, service = "", caller = "", leastMs } = filterOf(query);
  const names = (graph?.nodes ?? []).map((node) => node.service);
  const set = (name: string, value: string) => go(path, { [name]: value || null }, true);
  return (
    <div class="filters">
      <Choices
        label="Kept because they were"
        name="kind"
        value={kind}
        of={KINDS}
        onPick={(one) => set("kind", one === "recent" ? "" : one)}
      />
      <Pick name="Service" value={service} of={names} onPick={(one) => set("service", one)} />
      <Pick name="Called by" value={caller} of={names} onPick={(one) => set("caller", one)} />
      <label>
        Took{" "}
        <select
          value={leastMs === 0 ? "" : String(leastMs)}
          onChange={(event) => set("leastMs", event.currentTarget.value)}
        >
          {[...new Set([...LEAST_MS, leastMs])]
            .sort((a, b) => a - b)
            .map((ms) => (
              <option key={ms} value={ms === 0 ? "" : String(ms)}>
                {ms === 0 ? "any time" : `at least ${msText(ms)}`}
              </option>
            ))}
        </select>
      </label>
      <OpenTrace />
    </div>
  );
}

function Pick(props: {
  readonly name: string;
  readonly value: string;
  readonly of: readonly string[];
  readonly onPick: (value: string) => void;
}) {
  // What the address names may not be there any more.
  const names = [...new Set([...props.of, props.value])].filter((name) => name !== "").sort();
  return (
    <label>
      {props.name}{" "}
      <select value={props.value} onChange={(event) => props.onPick(event.currentTarget.value)}>
        <option value="">any</option>
        {names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Opens what somebody has from a log or a header: a trace, or what is known of a request. */
function OpenTrace() {
  const { go } = useContext(Here);
  const open = (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.target as HTMLFormElement).elements.namedItem("trace") as HTMLInputElement;
    const text = field.value.trim();
    const traceId = traceIdIn(text);
    if (traceId !== undefined) go(traceHref(traceId));
    else if (isRequestId(text)) go(explainHref(text));
    else {
      field.setCustomValidity("Give a trace id of 32 hexadecimal digits, a traceparent, or an x-request-id.");
      field.reportValidity();
    }
  };
  return (
    <form class="open-trace" onSubmit={(event) => open(event as unknown as SubmitEvent)} noValidate>
      <input
        name="trace"
        type="text"
        aria-label="Trace id or x-request-id"
        placeholder="Trace id or x-request-id"
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => event.currentTarget.setCustomValidity("")}
      />
      <button type="submit">Open</button>
    </form>
  );
}
