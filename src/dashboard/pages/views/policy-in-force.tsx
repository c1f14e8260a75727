import type { Policy, PolicyEntry } from "../data/answers.ts";
import { titleOf } from "../model/differences.ts";
import { dayText } from "../model/format.ts";
import { outline } from "../model/outline.ts";
import { Empty } from "../parts/shown.tsx";

/** Routes to a service, and policies of it, with the revision that brought each. */
export function PolicyInForce({ policy, service }: { readonly policy: Policy; readonly service: string }) {
  const own = policy.resources.filter((entry) => concerns(entry, service));
  if (own.length === 0)
    return (
      <Empty title="None: the defaults hold">
        <p>Calls go to any instance of any version; those that no app can have seen are tried twice more.</p>
      </Empty>
    );
  return <Resources entries={own} open={own.length === 1} />;
}

export const Resources = ({
  entries,
  open = false,
}: {
  readonly entries: readonly PolicyEntry[];
  readonly open?: boolean;
}) => (
  <>
    {entries.map(({ resource, revision, createdAt }) => (
      <details key={titleOf(resource)} class="resource" open={open}>
        <summary>
          <strong>{titleOf(resource)}</strong>{" "}
          <span class="soft">
            revision {revision}, since {dayText(Date.parse(createdAt))}
          </span>
        </summary>
        <pre>{outline(resource).join("\n")}</pre>
      </details>
    ))}
  </>
);

function concerns({ resource: { kind, metadata, spec } }: PolicyEntry, service: string): boolean {
  if (kind !== "HTTPRoute") return metadata.name === service;
  const parents = (spec as { parentRefs?: readonly { name?: unknown }[] }).parentRefs ?? [];
  return parents.some(({ name }) => name === service);
}
