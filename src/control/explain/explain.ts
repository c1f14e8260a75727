import { randomBytes } from "node:crypto";
import type { Bus, Message } from "../../bus/bus.ts";
import type { Clock } from "../../registry/clock.ts";
import type { Drops } from "../../registry/drops.ts";
import { pack } from "../../registry/frame.ts";
import { callerOf } from "../../subjects/reply.ts";
import { registry as subjects } from "../../subjects/subjects.ts";
import {
  type Account,
  isRequestId,
  isTraceId,
  MAX_REQUEST_ID,
  MAX_TOLD_BYTES,
  type Question,
  readTold,
  type Wanted,
} from "./account.ts";
import { Gathering } from "./gathering.ts";

/** Sidecars answer at once, so what has not come by then will not. */
export const GATHER_MS = 500;
/** Every question goes to every sidecar, so few may be open. */
const MAX_OPEN = 16;

export class ExplainError extends Error {
  override readonly name = "ExplainError";
  /** `busy` and `away` pass by themselves; a `bad-request` does not. */
  readonly kind: "bad-request" | "busy" | "away";

  constructor(kind: ExplainError["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface ExplainDeps {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly drops: Drops;
}

/** Asks all sidecars what they know of one request, or of one trace. */
export class Explainer {
  readonly #deps: ExplainDeps;
  /** By the question's id. */
  readonly #open = new Map<string, Gathering>();
  #stop = (): void => {};

  constructor(deps: ExplainDeps) {
    this.#deps = deps;
  }

  /** No queue group: of several registries each must hear the answers, for it is one of them that asked. */
  start(): void {
    const subscription = this.#deps.bus.subscribe(subjects.everyGetOf("told"), undefined, (message) =>
      this.#onTold(message),
    );
    this.#stop = () => subscription.unsubscribe();
  }

  stop(): void {
    this.#stop();
  }

  /**
   * Resolves after `GATHER_MS` with all accounts, the earliest call first; none when nobody knows of the request.
   * @throws ExplainError
   */
  async explain(requestId: string): Promise<Account[]> {
    if (!isRequestId(requestId))
      throw new ExplainError("bad-request", `a request id has 1 to ${MAX_REQUEST_ID} printable characters`);
    return this.#ask({ requestId });
  }

  /** The same for all that sidecars still know of a trace. @throws ExplainError */
  async trace(traceId: string): Promise<Account[]> {
    if (!isTraceId(traceId))
      throw new ExplainError("bad-request", "a trace id has 32 hexadecimal digits in lower case");
    // Who asks about traces needs no token, so he leaves places for those who have one.
    if (this.#open.size >= MAX_OPEN / 2) throw busy(MAX_OPEN / 2);
    return this.#ask({ traceId });
  }

  async #ask(wanted: Wanted): Promise<Account[]> {
    const { bus, clock } = this.#deps;
    if (this.#open.size >= MAX_OPEN) throw busy(MAX_OPEN);
    const question = randomBytes(12).toString("hex");
    const gathering = new Gathering();
    const asked: Question = { question, ...wanted };
    this.#open.set(question, gathering);
    try {
      if (!bus.send(subjects.explainEvent, pack(asked)))
        throw new ExplainError(
          "away",
          "the registry has no connection to the broker now: look at the broker's log",
        );
      await new Promise<void>((resolve) => clock.after(GATHER_MS, resolve));
    } finally {
      this.#open.delete(question);
    }
    return gathering.accounts();
  }

  #onTold({ subject, data }: Message): void {
    const { drops } = this.#deps;
    const told = data.length > MAX_TOLD_BYTES ? undefined : readTold(data);
    const service = callerOf(subject);
    if (told === undefined) drops.count("told-bad", subject);
    // Who tells is what the subject says, because the broker lets nobody else publish there.
    else if (told.accounts.some((one) => one.service !== service || one.instance !== told.instance))
      drops.count("told-forged", subject);
    else if (this.#open.get(told.question)?.take(service, told) === false) drops.count("told-bad", subject);
  }
}

const busy = (open: number): ExplainError =>
  new ExplainError("busy", `${open} requests are being explained already: ask again in a second`);
