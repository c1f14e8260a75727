import { useContext, useMemo, useRef } from "preact/hooks";
import type { Graph, GraphEdge, GraphNode } from "../data/answers.ts";
import { Here, serviceHref } from "../data/place.ts";
import { useNarrow } from "../data/use-narrow.ts";
import { neighbour } from "../model/focus.ts";
import { msText, rateText, shareText } from "../model/format.ts";
import {
  type Box,
  edgeKey,
  HEAD_HEIGHT,
  type Layout,
  layoutOf,
  ROW_HEIGHT,
  shapeOf,
} from "../model/layout.ts";
import { healthOfCalls, signOf } from "../model/sign.ts";
import { tracesHref } from "../model/trace-filter.ts";
import { trafficOf } from "../model/versions.ts";

/** It is scrolled rather than shown smaller than this; a finger scrolls easily, but reads nothing smaller either. */
const SMALLEST = { wide: 0.72, narrow: 0.62 };

/** Services and their calls as a picture. All of it is in the list beside it, too. */
export function Topology({ graph, focus }: { readonly graph: Graph; readonly focus?: string | undefined }) {
  const narrow = useNarrow();
  const shape = shapeOf(graph);
  const layout = useMemo(() => layoutOf(graph, narrow ? "TB" : "LR"), [shape, narrow]);
  const nodes = useRef(new Map<string, SVGElement>());
  const { go } = useContext(Here);
  const onKey = (event: KeyboardEvent, service: string) => {
    if (event.key === "Enter") go(serviceHref(service));
    const next = neighbour(graph, service, event.key);
    if (next === undefined) return;
    event.preventDefault();
    nodes.current.get(next)?.focus();
  };
  return (
    <div class="graph-scroll">
      {/* biome-ignore lint/a11y/useSemanticElements: an SVG has no fieldset */}
      <svg
        class="graph"
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        width={layout.width}
        height={layout.height}
        style={{ minWidth: `${layout.width * SMALLEST[narrow ? "narrow" : "wide"]}px` }}
        role="group"
        aria-label="Services and their calls; arrow keys follow the calls, Enter opens a service"
      >
        <Arrows />
        {graph.edges.map((edge) => (
          <EdgeLine key={edgeKey(edge)} edge={edge} layout={layout} lies={!narrow} />
        ))}
        {graph.nodes.map((node, i) => {
          const box = layout.nodes.get(node.service);
          return (
            box && (
              // biome-ignore lint/a11y/useSemanticElements: an SVG has no button
              <g
                key={node.service}
                ref={(element) =>
                  void (element
                    ? nodes.current.set(node.service, element)
                    : nodes.current.delete(node.service))
                }
                class={`node ${signOf(node.health).tone}${node.service === focus ? " focus" : ""}`}
                role="link"
                tabindex={i === 0 ? 0 : -1}
                aria-label={nodeText(node)}
                transform={`translate(${box.x - box.width / 2} ${box.y - box.height / 2})`}
                onClick={() => go(serviceHref(node.service))}
                onKeyDown={(event) => onKey(event, node.service)}
              >
                <NodeBox node={node} box={box} edges={graph.edges} />
              </g>
            )
          );
        })}
      </svg>
    </div>
  );
}

const nodeText = ({ service, health, why, instances, in: calls }: GraphNode): string =>
  `${service}: ${why ?? signOf(health).word}, ${instances} up, ${rateText(calls.rate)} come in`;

function stateText({ isServed, instances, health, slow, slowVersions }: GraphNode): string {
  if (!isServed) return "not served";
  if (instances === 0 && health !== "down") return "calls only";
  const isSlow = health === "degraded" && (slow !== undefined || slowVersions.length > 0);
  return isSlow ? "slow" : signOf(health).word;
}

function NodeBox({
  node,
  box: { width, height },
  edges,
}: {
  readonly node: GraphNode;
  readonly box: Box;
  readonly edges: readonly GraphEdge[];
}) {
  const { mark } = signOf(node.health);
  return (
    <>
      <title>{nodeText(node)}</title>
      <rect class="box" width={width} height={height} rx="9" />
      <text class="name" x="12" y="20">
        {cut(node.service, 18)}
      </text>
      <text class="mark" x={width - 12} y="20" text-anchor="end">
        {mark}
      </text>
      <text class="small" x="12" y="37">
        {stateText(node)} · {rateText(node.in.rate)} in
      </text>
      {node.versions.map(({ version, instances }, i) => {
        const { share, success } = trafficOf(edges, node.service, version);
        const top = HEAD_HEIGHT + ROW_HEIGHT * i;
        const tone = signOf(healthOfCalls(success)).tone;
        return (
          <g key={version} class="version">
            <rect
              class={`share ${tone}`}
              x="1"
              y={top}
              width={Math.max(0, (width - 2) * share)}
              height={ROW_HEIGHT - 1}
            />
            <text x="12" y={top + 15}>
              v{cut(version, 10)} ×{instances}
            </text>
            <text class="value" x={width - 12} y={top + 15} text-anchor="end">
              {success === null
                ? ""
                : `${tone === "ok" ? "" : `${signOf(healthOfCalls(success)).mark} `}${shareText(success)}`}
            </text>
          </g>
        );
      })}
    </>
  );
}

/** From 1.5 px for a call now and then to 9 px for thousands a second: each ten times as much is as much wider. */
const widthOf = (rate: number): number => Math.min(9, 1.5 + 1.9 * Math.log10(1 + rate));

/** The text stands above and below a line that lies, and beside one that stands: so the line is seen in full. */
function EdgeLine({
  edge,
  layout,
  lies,
}: {
  readonly edge: GraphEdge;
  readonly layout: Layout;
  readonly lies: boolean;
}) {
  const line = layout.edges.get(edgeKey(edge));
  if (line === undefined) return null;
  const sign = signOf(healthOfCalls(edge.success));
  const width = widthOf(edge.rate);
  const away = lies ? width / 2 : 0;
  // By keyboard it is in the list: so many stops between the services would be in the way.
  return (
    <a
      class={`edge ${sign.tone}`}
      href={tracesHref({ service: edge.to, caller: edge.from })}
      tabindex={-1}
      aria-label={`Traces of ${edge.from} to ${edge.to}`}
    >
      <title>
        {edge.from} to {edge.to}: {rateText(edge.rate)}, {shareText(edge.success)} succeed, p99{" "}
        {msText(edge.p99)}. Click for its traces
      </title>
      <path d={line.path} stroke-width={width} marker-end={`url(#arrow-${sign.tone})`} />
      <g transform={`translate(${line.x} ${line.y})`}>
        <text y={-6 - away} text-anchor="middle">
          {sign.tone === "ok" || sign.tone === "idle" ? "" : `${sign.mark} `}
          {rateText(edge.rate)} · {shareText(edge.success)}
        </text>
        <text class="small" y={(lies ? 14 : 10) + away} text-anchor="middle">
          p99 {msText(edge.p99)}
        </text>
      </g>
    </a>
  );
}

const Arrows = () => (
  <defs>
    {(["ok", "fair", "bad", "idle"] as const).map((tone) => (
      <marker
        key={tone}
        id={`arrow-${tone}`}
        class={`arrow ${tone}`}
        viewBox="0 0 10 10"
        refX="8"
        refY="5"
        markerWidth="12"
        markerHeight="12"
        markerUnits="userSpaceOnUse"
        orient="auto"
      >
        <path d="M0 0 10 5 0 10z" />
      </marker>
    ))}
  </defs>
);

const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text;
