import { useState } from "preact/hooks";
import type { Trace, TraceSpan } from "../data/trace-answers.ts";
import { msText } from "../model/format.ts";
import { policyEvents } from "../model/policy-events.ts";
import { isFailed, signOfResult } from "../model/trace-sign.ts";
import { type Part, partsOf, placeOf, ticksOf } from "../model/waterfall.ts";
import { onArrows } from "../parts/arrows.ts";
import { SignMark } from "../parts/sign.tsx";
import { SpanDetails } from "./span-details.tsx";

/** A line for each span, below the one that led to it, with its attempts and waits; each opens to all that is told of it. */
export function Waterfall({ trace: { ms, spans } }: { readonly trace: Trace }) {
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const toggle = (i: number) => {
    const next = new Set(open);
    if (!next.delete(i)) next.add(i);
    setOpen(next);
  };
  return (
    <>
      <table class="waterfall" onKeyDown={onArrows}>
        <thead>
          <tr>
            <th class="where">Who</th>
            <th class="when">
              <span class="ticks" aria-hidden="true">
                {ticksOf(ms).map((tick) => (
                  <span key={tick}>{tick === 0 ? "0" : msText(tick)}</span>
                ))}
              </span>
              <span class="hidden">When</span>
            </th>
            <th class="took number">Took</th>
            <th class="result">Result</th>
          </tr>
        </thead>
        {spans.map((span, i) => (
          <Span key={i} span={span} index={i} traceMs={ms} isOpen={open.has(i)} toggle={() => toggle(i)} />
        ))}
      </table>
      <Legend />
    </>
  );
}

function Span(props: {
  readonly span: TraceSpan;
  readonly index: number;
  readonly traceMs: number;
  readonly isOpen: boolean;
  readonly toggle: () => void;
}) {
  const { span, index, traceMs, isOpen, toggle } = props;
  const { side, depth, startMs, ms } = span;
  const parts = partsOf(span);
  const hasMany = side === "client" && span.attempts.length > 1;
  const shown = parts.filter(({ kind }) => kind === "wait" || hasMany);
  const id = `span-${index}`;
  return (
    <tbody class={`span ${side}`}>
      <tr class="step">
        <th class="where" scope="row" style={{ "--depth": depth }}>
          <button type="button" class="plain" aria-expanded={isOpen} aria-controls={id} onClick={toggle}>
            <span class="turn" aria-hidden="true">
              {isOpen ? "▾" : "▸"}
            </span>
            <Who span={span} />
          </button>
          <Events span={span} />
        </th>
        <td class="when">
          <Bar
            stretch={{ startMs, ms }}
            traceMs={traceMs}
            look={`${side}${isFailed(span) ? " bad" : ""}${shown.length > 0 ? " whole" : ""}`}
          />
          {(shown.length > 0 ? parts : []).map((part, i) => (
            <PartBar key={i} part={part} traceMs={traceMs} />
          ))}
        </td>
        <td class="took number">{msText(ms)}</td>
        <td class="result">
          <SignMark sign={signOfResult(span)} />
        </td>
      </tr>
      {shown.map((part, i) => (
        <PartLine key={i} part={part} depth={depth} traceMs={traceMs} />
      ))}
      <tr id={id} class="details" hidden={!isOpen}>
        <td colSpan={4}>{isOpen && <SpanDetails span={span} parts={parts} />}</td>
      </tr>
    </tbody>
  );
}

const Who = ({
  span: { side, caller, callee, service, instance, method, path },
}: {
  readonly span: TraceSpan;
}) =>
  side === "client" ? (
    <span class="who">
      {caller || "?"} → {callee} <span class="soft">{path === undefined ? method : `${method} ${path}`}</span>
    </span>
  ) : (
    <span class="who">
      {service} <span class="soft">instance {instance}</span>
    </span>
  );

const Events = ({ span }: { readonly span: TraceSpan }) => {
  const events = policyEvents(span);
  if (events.length === 0) return null;
  return (
    <span class="events">
      {events.map(({ tone, word, sentence }) => (
        <span key={word} class={`event ${tone}`} title={sentence}>
          {word}
        </span>
      ))}
    </span>
  );
};

const PartLine = ({
  part,
  depth,
  traceMs,
}: {
  readonly part: Part;
  readonly depth: number;
  readonly traceMs: number;
}) => (
  <tr class={`step part ${part.kind}`}>
    <th class="where" scope="row" style={{ "--depth": depth }}>
      {part.kind === "wait" ? (
        part.what
      ) : (
        <>
          attempt {part.number} <span class="soft">{part.attempt.instance || "no instance"}</span>
        </>
      )}
    </th>
    <td class="when">
      <PartBar part={part} traceMs={traceMs} />
    </td>
    <td class="took number">{msText(part.ms)}</td>
    <td class="result">{part.kind === "attempt" && <SignMark sign={signOfResult(part.attempt)} />}</td>
  </tr>
);

function PartBar({ part, traceMs }: { readonly part: Part; readonly traceMs: number }) {
  const { startMs, ms } = part;
  if (startMs === undefined) return null;
  const tone = part.kind === "attempt" ? ` ${signOfResult(part.attempt).tone}` : "";
  return <Bar stretch={{ startMs, ms }} traceMs={traceMs} look={`${part.kind}${tone}`} />;
}

function Bar(props: {
  readonly stretch: { readonly startMs: number; readonly ms: number };
  readonly traceMs: number;
  readonly look: string;
}) {
  const { left, width } = placeOf(props.stretch, props.traceMs);
  return <span class={`stretch ${props.look}`} style={{ left: `${left}%`, width: `${width}%` }} />;
}

const Legend = () => (
  <p class="legend soft">
    {[
      ["client", "as the caller saw it"],
      ["server", "as the callee saw it"],
      ["wait", "wait on purpose"],
      ["client bad", "failed"],
    ].map(([look, text]) => (
      <span key={text}>
        <span class={`key stretch ${look}`} aria-hidden="true" /> {text}
      </span>
    ))}
  </p>
);
