import type { Bus, Subscription } from "../../bus/bus.ts";
import { registry as subjects } from "../../subjects/subjects.ts";
import { type Account, MAX_TOLD_BYTES, packTold, readQuestion, type Wanted } from "./account.ts";

export interface TellOptions {
  readonly bus: Bus;
  /** The service and instance that this sidecar is: the accounts must be theirs. */
  readonly service: string;
  readonly instance: string;
  /** What this sidecar knows of a request or a trace, the oldest first. */
  readonly accounts: (wanted: Wanted) => readonly Account[];
}

/** Tells the registry what this sidecar knows of the requests and traces that it asks for; says nothing when it knows nothing. */
export function tell({ bus, service, instance, accounts }: TellOptions): Subscription {
  const subject = subjects.get("told", service);
  return bus.subscribe(subjects.explainEvent, undefined, ({ data }) => {
    const asked = readQuestion(data);
    const known = asked === undefined ? [] : accounts(asked);
    if (asked === undefined || known.length === 0) return;
    bus.send(subject, packTold(asked.question, instance, known, Math.min(MAX_TOLD_BYTES, bus.maxPayload)));
  });
}
