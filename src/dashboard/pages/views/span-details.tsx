import type { ComponentChildren } from "preact";
import { isCode, meaningOf } from "../../../protocol/code.ts";
import { serviceHref } from "../data/place.ts";
import type { TraceSpan } from "../data/trace-answers.ts";
import { msText } from "../model/format.ts";
import { policyEvents } from "../model/policy-events.ts";
import { signOfResult } from "../model/trace-sign.ts";
import type { Part } from "../model/waterfall.ts";
import { Coded } from "../parts/coded.tsx";

/** All that is told of one span. */
export function SpanDetails({ span, parts }: { readonly span: TraceSpan; readonly parts: readonly Part[] }) {
  const { side, service, instance, caller, callee, method, path, code, message, access } = span;
  const { route, rule, why, backend, injected, traceparent, startMs, ms, silent, began } = span;
  const meaning = isCode(code) ? meaningOf(code) : undefined;
  return (
    <dl class="fields">
      <Field name="Told by">
        the {side === "client" ? "caller" : "callee"}, <a href={serviceHref(service)}>{service}</a>, instance{" "}
        <code>{instance}</code>
      </Field>
      <Field name="Call">
        {path === undefined ? method : `${method} ${path}`}, {caller || "?"} to {callee}
      </Field>
      <Field name="When">
        {msText(startMs)} after the beginning, for {msText(ms)}
      </Field>
      <Field name="Result">
        {signOfResult(span).word}
        {meaning && `, flag ${meaning.flag}`}
      </Field>
      {meaning && <Field name="Cause">{meaning.cause}</Field>}
      {meaning && (
        <Field name="To do">
          <Coded text={meaning.cure} />
        </Field>
      )}
      {message && <Field name="Message">{message}</Field>}
      {access && <Field name="Access">{access}</Field>}
      {route !== undefined && (
        <Field name="Rule">
          {rule} of HTTPRoute {route}
          {why && `: ${why}`}
        </Field>
      )}
      {backend && <Field name="Sent to">{backend}</Field>}
      {injected && <Field name="Fault put in">{injected}</Field>}
      {policyEvents(span).map(({ word, sentence }) => (
        <Field key={word} name="Policy">
          {word}: {sentence}
        </Field>
      ))}
      {parts.map((part, i) => (
        <Field key={i} name={part.kind === "wait" ? "Wait" : `Attempt ${part.number}`}>
          {part.kind === "wait" ? (
            `${part.what}, ${msText(part.ms)}`
          ) : (
            <>
              {part.attempt.instance ? (
                <>
                  instance <code>{part.attempt.instance}</code>
                </>
              ) : (
                "no instance"
              )}
              : {signOfResult(part.attempt).word} after {msText(part.ms)}
            </>
          )}
        </Field>
      ))}
      {silent && <Field name="Silent">{silent.join(", ")}</Field>}
      {began && <Field name="Began">{began.join(", ")}</Field>}
      {traceparent && (
        <Field name="traceparent">
          <code>{traceparent}</code>
        </Field>
      )}
    </dl>
  );
}

const Field = ({ name, children }: { readonly name: string; readonly children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);
