import type { Graph } from "../data/answers.ts";
import { serviceHref } from "../data/place.ts";
import { msText, rateText, shareText } from "../model/format.ts";
import { edgeKey } from "../model/layout.ts";
import { healthOfCalls, signOf } from "../model/sign.ts";
import { tracesHref } from "../model/trace-filter.ts";
import { onArrows } from "../parts/arrows.ts";
import { Empty } from "../parts/shown.tsx";
import { SignMark } from "../parts/sign.tsx";

/** The same as the picture, for those who rather read: services, then calls; arrow keys go from line to line. */
export function GraphLists({ graph }: { readonly graph: Graph }) {
  return (
    <>
      <div class="scroll">
        <table onKeyDown={onArrows}>
          <caption>Services</caption>
          <thead>
            <tr>
              <th>Service</th>
              <th>State</th>
              <th class="wide">Versions</th>
              <th class="number">Calls in</th>
              <th class="number">Success</th>
              <th class="number">p99</th>
            </tr>
          </thead>
          <tbody>
            {graph.nodes.map(({ service, health, versions, in: calls }) => (
              <tr key={service}>
                <th scope="row">
                  <a href={serviceHref(service)}>{service}</a>
                </th>
                <td>
                  <SignMark sign={signOf(health)} />
                </td>
                <td class="wide">
                  {versions.map(({ version, instances }) => `v${version} ×${instances}`).join(", ") || "–"}
                </td>
                <td class="number">{rateText(calls.rate)}</td>
                <td class="number">{shareText(calls.success)}</td>
                <td class="number">{msText(calls.p99)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="scroll">
        <table onKeyDown={onArrows}>
          <caption>Calls</caption>
          <thead>
            <tr>
              <th>From</th>
              <th>To</th>
              <th>State</th>
              <th class="number">Rate</th>
              <th class="number">Success</th>
              <th class="number">p99</th>
              <th>Traces</th>
            </tr>
          </thead>
          <tbody>
            {graph.edges.map((edge) => (
              <tr key={edgeKey(edge)}>
                <td>{edge.from}</td>
                <td>
                  <a href={serviceHref(edge.to)}>{edge.to}</a>
                </td>
                <td>
                  <SignMark sign={signOf(healthOfCalls(edge.success))} />
                </td>
                <td class="number">{rateText(edge.rate)}</td>
                <td class="number">{shareText(edge.success)}</td>
                <td class="number">{msText(edge.p99)}</td>
                <td>
                  <a
                    href={tracesHref({ service: edge.to, caller: edge.from })}
                    aria-label={`Traces of ${edge.from} to ${edge.to}`}
                  >
                    traces
                  </a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {graph.edges.length === 0 && <Empty title="No calls in this time" />}
      </div>
    </>
  );
}
