import type { z } from "zod";
import type { Resource } from "../../resources/read.ts";
import type { WatchState } from "../access/authority-watch.ts";
import type { TellerState } from "../access/teller.ts";
import type { Change } from "../edit/change.ts";
import type { Outcome } from "../edit/editor.ts";
import type { PolicyRecord, Summary } from "../record.ts";
import type { SidecarRow } from "../sidecars.ts";
import type { PolicyStoreState } from "../store/keeper.ts";
import type {
  changeAnswer,
  historyAnswer,
  policyAnswer,
  policyQuery,
  refusedAnswer,
  revisionAnswer,
  sidecarsAnswer,
} from "./schemas.ts";

const iso = (unixMs: number): string => new Date(unixMs).toISOString();
/** For the schema of the answer: frozen values are not typed as what JSON may hold. */
const json = (resource: Resource) => resource as unknown as Record<string, unknown>;

const entriesOf = ({ entries }: PolicyRecord) =>
  [...entries.values()].map(({ createdAt, revision, resource }) => ({
    createdAt: iso(createdAt),
    revision,
    resource: json(resource),
  }));

export function policyView(
  record: PolicyRecord,
  { kind: state, since, cause }: PolicyStoreState,
  wanted: z.infer<typeof policyQuery>,
): z.infer<typeof policyAnswer> {
  const { lineage, revision, at, entries } = record;
  const picked = [...entries].filter(
    ([
      ,
      {
        resource: { kind, metadata },
      },
    ]) =>
      [
        [wanted.kind, kind],
        [wanted.name, metadata.name],
        [wanted.namespace, metadata.namespace],
      ].every(([want, is]) => (want ?? is) === is),
  );
  return {
    ...{ lineage, revision, at: iso(at) },
    store: {
      state,
      ...(since === undefined ? {} : { since: iso(since) }),
      ...(cause === undefined ? {} : { cause }),
    },
    resources: entriesOf({ ...record, entries: new Map(picked) }),
  };
}

export const summaryView = ({
  revision,
  at,
  by,
  cause,
  created,
  configured,
  deleted,
}: Summary): z.infer<typeof historyAnswer>["revisions"][number] => ({
  ...{ revision, at: iso(at), by, cause },
  ...{ created, configured, deleted },
});

export const revisionView = (record: PolicyRecord): z.infer<typeof revisionAnswer> => ({
  ...summaryView(record),
  lineage: record.lineage,
  resources: entriesOf(record),
});

const changeView = ({ change, key, before, after }: Change) => ({
  change,
  key,
  ...(before === undefined ? {} : { before: json(before) }),
  ...(after === undefined ? {} : { after: json(after) }),
});

export const doneView = ({
  revision,
  dryRun,
  changes,
  findings,
}: Extract<Outcome, { kind: "done" }>): z.infer<typeof changeAnswer> => ({
  ...{ revision, dryRun },
  changes: changes.map(changeView),
  findings: [...findings],
});

export function refusedView({
  findings,
}: Extract<Outcome, { kind: "refused" }>): z.infer<typeof refusedAnswer> {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const message = `nothing was changed: ${errors} ${errors === 1 ? "error" : "errors"} in what was asked for`;
  return { error: { code: "refused", message }, findings: [...findings] };
}

export const sidecarView = ({
  lastSeen,
  ...row
}: SidecarRow): z.infer<typeof sidecarsAnswer>["sidecars"][number] => ({
  ...row,
  lastSeen: iso(lastSeen),
});

type AuthorityView = z.infer<typeof sidecarsAnswer>["authority"];

/** What the authorities were told, and whether they answer. */
export const authorityView = (told: TellerState, seen: WatchState): AuthorityView => ({
  ...tellerView(told),
  ...(seen.kind === "away" ? { away: { since: iso(seen.since), cause: seen.cause } } : {}),
});

function tellerView(state: TellerState): AuthorityView {
  if (state.kind === "behind") return { ...state, since: iso(state.since) };
  if (state.kind === "none") return { ...state };
  const { unlisted, ...rest } = state;
  return { ...rest, ...(unlisted && { unlisted: [...unlisted] }) };
}
