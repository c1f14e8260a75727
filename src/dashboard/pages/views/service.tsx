import { useContext, useState } from "preact/hooks";
import type { Dimension, Graph, Instances, Policy, ServiceSignals } from "../data/answers.ts";
import { DIMENSIONS } from "../data/answers.ts";
import { useNow } from "../data/live.ts";
import { Here } from "../data/place.ts";
import { KINDS } from "../data/trace-answers.ts";
import { useAnswer } from "../data/use-answer.ts";
import { focused } from "../model/focus.ts";
import { signOf } from "../model/sign.ts";
import { tracesHref } from "../model/trace-filter.ts";
import { whatIsWrong } from "../model/wrong.ts";
import { Shown } from "../parts/shown.tsx";
import { SignMark } from "../parts/sign.tsx";
import { InstanceTable } from "./instances.tsx";
import { Choices } from "./overview.tsx";
import { PolicyInForce } from "./policy-in-force.tsx";
import { Signals } from "./signals.tsx";
import { atOf, TimeTravel } from "./time-travel.tsx";
import { Topology } from "./topology.tsx";
import { WrongStrip } from "./wrong-strip.tsx";

const WINDOWS = ["5m", "15m", "60m"] as const;

/** Everything of one service. @param graph the mesh of now */
export function ServicePage({
  service,
  graph,
}: {
  readonly service: string;
  readonly graph: Graph | undefined;
}) {
  const { query } = useContext(Here);
  const at = atOf(query);
  const [window, setWindow] = useState<(typeof WINDOWS)[number]>("5m");
  const [by, setBy] = useState<Dimension>("version");
  const name = encodeURIComponent(service);
  const moment = at === undefined ? "" : `&at=${at}`;
  const signals = useAnswer<ServiceSignals>(`/v1/signals/${name}?window=${window}&by=${by}${moment}`);
  const instances = useAnswer<Instances>(`/v1/instances?service=${name}`);
  const policy = useAnswer<Policy>("/v1/policy");
  const now = useNow();
  const node = graph?.nodes.find((one) => one.service === service);
  const around = graph && focused(graph, service);
  const wrongs = whatIsWrong({ graph: around, instances: instances.value }, now).filter(({ subject }) =>
    subject.split(/ v| → /).includes(service),
  );
  return (
    <>
      <div class="bar title">
        <h1>{service}</h1>
        {node && (
          <span>
            <SignMark sign={signOf(node.health)} /> <span class="soft">now, by the last minute</span>
          </span>
        )}
        <span class="pick">
          Traces:{" "}
          {KINDS.map((kind, i) => (
            <span key={kind}>
              {i > 0 && ", "}
              <a href={tracesHref({ kind, service })}>{kind}</a>
            </span>
          ))}
        </span>
      </div>
      {wrongs.length > 0 && <WrongStrip wrongs={wrongs} fine="" more="" />}
      <section class="card" aria-label="Signals">
        <div class="bar">
          <h2>Signals</h2>
          <Choices label="Window" name="window" value={window} of={WINDOWS} onPick={setWindow} />
        </div>
        <TimeTravel at={at} />
        <Shown answer={signals} what={`the signals of ${service}`}>
          {(value) => (
            <Signals signals={value}>
              <Choices label="Told apart by" name="by" value={by} of={DIMENSIONS} onPick={setBy} />
            </Signals>
          )}
        </Shown>
      </section>
      <section class="card" aria-labelledby="instances-title">
        <h2 id="instances-title">Instances</h2>
        <Shown answer={instances} what="the instances">
          {(value) => <InstanceTable instances={value.instances} reports={signals.value?.instances ?? []} />}
        </Shown>
      </section>
      {around && around.edges.length > 0 && (
        <section class="card" aria-labelledby="around-title">
          <h2 id="around-title">Who calls it, and whom it calls</h2>
          <Topology graph={around} focus={service} />
        </section>
      )}
      <section class="card" aria-labelledby="policy-title">
        <h2 id="policy-title">Routes and policies in force</h2>
        <Shown answer={policy} what="the policy">
          {(value) => <PolicyInForce policy={value} service={service} />}
        </Shown>
      </section>
    </>
  );
}
