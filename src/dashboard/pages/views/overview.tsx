import { useContext } from "preact/hooks";
import type {
  Expiring,
  Graph,
  Instances,
  Policy,
  RegistryHealth,
  Sidecars,
  StateFolder,
} from "../data/answers.ts";
import { useNow } from "../data/live.ts";
import { Here } from "../data/place.ts";
import { type Answer, useAnswer } from "../data/use-answer.ts";
import { firstCommand } from "../model/first-command.ts";
import { focused } from "../model/focus.ts";
import { clockText, countOf, rateText, shareText, spanText } from "../model/format.ts";
import { withUnservedAsOne } from "../model/unserved.ts";
import { whatIsWrong } from "../model/wrong.ts";
import { Empty, Shown } from "../parts/shown.tsx";
import { GraphLists } from "./edge-list.tsx";
import { atOf, TimeTravel } from "./time-travel.tsx";
import { Topology } from "./topology.tsx";
import { WrongStrip } from "./wrong-strip.tsx";

/** The start page: what is wrong, then the whole mesh. @param live the graph of now, which every page asks for */
export function Overview({ live }: { readonly live: Answer<Graph> }) {
  const { query, path, go } = useContext(Here);
  const at = atOf(query);
  const then = useAnswer<Graph>(at === undefined ? undefined : `/v1/graph?window=1m&at=${at}`);
  const answer = at === undefined ? live : then;
  const focus = query.get("focus") ?? undefined;
  return (
    <>
      <h1 class="hidden">The mesh</h1>
      {at === undefined ? <Now graph={live} /> : <Then graph={then} />}
      <section class="card" aria-label="Topology">
        <div class="bar">
          <h2>Who calls whom</h2>
          <Choices
            label="Shown as"
            name="show"
            value={query.get("show") ?? "picture"}
            of={["picture", "list"]}
            onPick={(show) => go(path, { show: show === "picture" ? null : show }, true)}
          />
          <label class="pick">
            Focus{" "}
            <select
              value={focus ?? ""}
              onChange={(event) => go(path, { focus: event.currentTarget.value || null }, true)}
            >
              <option value="">all services</option>
              {(answer.value?.nodes ?? []).map(({ service }) => (
                <option key={service} value={service}>
                  {service}
                </option>
              ))}
            </select>
          </label>
        </div>
        <TimeTravel at={at} />
        <Shown answer={answer} what="who calls whom">
          {(graph) => {
            if (graph.nodes.length === 0) return <NoServices past={at !== undefined} />;
            const isKnown = graph.nodes.some(({ service }) => service === focus);
            const shown = withUnservedAsOne(isKnown ? focused(graph, focus!) : graph);
            return (
              <>
                {focus !== undefined && !isKnown && (
                  <p role="status">
                    No service named <strong>{focus}</strong> is known{at !== undefined && " of then"}: all
                    are shown.
                  </p>
                )}
                {query.get("show") === "list" ? (
                  <GraphLists graph={shown} />
                ) : (
                  <Topology graph={shown} focus={focus} />
                )}
              </>
            );
          }}
        </Shown>
        {query.get("show") !== "list" && <Legend />}
      </section>
    </>
  );
}

function Now({ graph }: { readonly graph: Answer<Graph> }) {
  const now = useNow();
  const known = {
    silentSince: graph.trouble === undefined ? undefined : graph.at,
    graph: graph.value,
    instances: useAnswer<Instances>("/v1/instances").value,
    sidecars: useAnswer<Sidecars>("/v1/sidecars").value,
    health: useAnswer<RegistryHealth>("/v1/health").value,
    policy: useAnswer<Policy>("/v1/policy").value,
    expiring: useAnswer<Expiring>("/expiring").value,
  };
  if (graph.value === undefined && known.instances === undefined) return null;
  const young = youthText(graph.value, now);
  return (
    <WrongStrip
      wrongs={whatIsWrong(known, now)}
      fine={young === undefined ? "Nothing is wrong." : "Nothing wrong is known yet."}
      more={fineText(graph.value)}
      caveat={young}
    />
  );
}

function Then({ graph }: { readonly graph: Answer<Graph> }) {
  if (graph.value === undefined) return null;
  const { edges, from, since } = graph.value;
  if (edges.length === 0 && from < since)
    return <p role="status">Nothing is known of then: the registry began to listen at {clockText(since)}.</p>;
  return (
    <WrongStrip
      wrongs={whatIsWrong({ graph: graph.value }, graph.value.to)}
      fine="The calls went well."
      more={fineText(graph.value)}
      caveat="Of the past the calls alone are known: instances are those of now, and what was wrong with instances, policy and identities is not told."
      past
    />
  );
}

/** What is usual takes some minutes to be known. */
const YOUNG_MS = 5 * 60_000;

function youthText(graph: Graph | undefined, now: number): string | undefined {
  if (graph === undefined || now - graph.since > YOUNG_MS) return undefined;
  return `The registry started ${spanText(now - graph.since)} ago: it knows of the calls since then only.`;
}

function fineText(graph: Graph | undefined): string {
  if (graph === undefined) return "";
  const calls = graph.edges.reduce((sum, edge) => sum + edge.calls, 0);
  const good = graph.edges.reduce((sum, edge) => sum + edge.calls * (edge.success ?? 0), 0);
  const rate = graph.edges.reduce((sum, edge) => sum + edge.rate, 0);
  const instances = graph.nodes.reduce((sum, node) => sum + node.instances, 0);
  return `${countOf(graph.nodes.length, "service")}, ${countOf(instances, "instance")} up, ${rateText(rate)}, ${calls === 0 ? "no calls within the last minute" : `${shareText(good / calls)} succeed`}.`;
}

export function Choices<T extends string>(props: {
  readonly label: string;
  readonly name: string;
  readonly value: T;
  readonly of: readonly T[];
  readonly onPick: (value: T) => void;
}) {
  return (
    <fieldset class="choices">
      <legend class="hidden">{props.label}</legend>
      {props.of.map((one) => (
        <label key={one}>
          <input
            type="radio"
            name={props.name}
            checked={one === props.value}
            onChange={() => props.onPick(one)}
          />
          <span>{one}</span>
        </label>
      ))}
    </fieldset>
  );
}

const NoServices = ({ past }: { readonly past: boolean }) =>
  past ? (
    <Empty title="There were no services then">
      <p>The registry keeps an hour, from its own start on.</p>
    </Empty>
  ) : (
    <Empty title="No service has joined yet">
      <p>
        Start one, with any HTTP program behind the <code>--</code>:
      </p>
      <FirstCommand />
    </Empty>
  );

/** As it works from any folder: `weft` finds a mesh by itself only in `.weft` of its own. */
function FirstCommand() {
  const { value } = useAnswer<StateFolder>("/state");
  return <pre>{firstCommand(value?.folder)}</pre>;
}

const Legend = () => (
  <p class="legend soft">
    <span class="sign ok">● ok</span> <span class="sign fair">▲ below 99 %, or slow</span>{" "}
    <span class="sign bad">■ below 90 %</span> <span class="sign bad">✕ down</span>{" "}
    <span class="sign idle">○ no calls</span>
    <span>
      A wider line is more calls; broken lines fail. The bar behind a version is its share of the calls.
    </span>
  </p>
);
