import type { PolicyEntry } from "../data/answers.ts";
import { useAnswer } from "../data/use-answer.ts";
import { differencesOf } from "../model/differences.ts";
import { Empty, Shown } from "../parts/shown.tsx";

interface At {
  readonly resources: readonly PolicyEntry[];
}
const SIGNS = { same: " ", gone: "−", new: "+", skipped: " " } as const;

/** What differs between two revisions, line by line. */
export function Differences({ from, to }: { readonly from: number; readonly to: number }) {
  const before = useAnswer<At>(`/v1/policy/history/${from}`);
  const after = useAnswer<At>(`/v1/policy/history/${to}`);
  const both = {
    ...((before.trouble ?? after.trouble) ? { trouble: (before.trouble ?? after.trouble)! } : {}),
    ...(before.value && after.value && before.at !== undefined
      ? { value: [before.value, after.value] as const, at: before.at }
      : {}),
  };
  return (
    <>
      <h3>
        From revision {from} to {to}
      </h3>
      <Shown answer={both} what="the differences">
        {([old, fresh]) => {
          const all = differencesOf(old.resources, fresh.resources);
          if (all.length === 0) return <Empty title="The two are alike" />;
          return all.map(({ title, change, lines }) => (
            <figure key={title} class="difference">
              <figcaption>
                <strong>{title}</strong> {change}
              </figcaption>
              <pre>
                {lines.map(({ kind, text }, i) => (
                  <span key={i} class={`line ${kind}`}>
                    {SIGNS[kind]} {text}
                    {"\n"}
                  </span>
                ))}
              </pre>
            </figure>
          ));
        }}
      </Shown>
    </>
  );
}
