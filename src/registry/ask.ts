import type { Bus, Message, Subscription } from "../bus/bus.ts";
import { ReplyIds } from "../subjects/reply.ts";
import type { Subject } from "../subjects/subjects.ts";
import { token } from "../subjects/token.ts";
import type { Clock } from "./clock.ts";
import { SELF } from "./wire.ts";

/** Questions of one instance to the registry, each answered at most once. */
export class Asker {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #ids: ReplyIds;
  readonly #waiting = new Map<string, (answer: Buffer | undefined) => void>();
  readonly #subscription: Subscription;

  constructor(bus: Bus, clock: Clock, caller: string, instance: string) {
    this.#bus = bus;
    this.#clock = clock;
    this.#ids = new ReplyIds(caller, instance);
    // Only the registry can publish here, and only it: calls have subjects of their own.
    const answers = `_R.${token("service", caller)}.${token("instance", instance)}.${SELF}.*` as Subject;
    this.#subscription = bus.subscribe(answers, undefined, (message) => this.#onAnswer(message));
  }

  /** Resolves to undefined when there is no answer within `timeoutMs`, or nobody to give one. Never rejects. */
  ask(subject: Subject, data: Buffer, timeoutMs: number): Promise<Buffer | undefined> {
    return new Promise((resolve) => {
      const reply = this.#ids.next(SELF);
      const cancel = this.#clock.after(timeoutMs, () => settle(undefined));
      const settle = (answer: Buffer | undefined): void => {
        cancel();
        this.#waiting.delete(reply);
        resolve(answer);
      };
      this.#waiting.set(reply, settle);
      if (!this.#bus.send(subject, data, reply)) settle(undefined);
    });
  }

  close(): void {
    this.#subscription.unsubscribe();
    for (const settle of [...this.#waiting.values()]) settle(undefined);
  }

  #onAnswer({ subject, data, noResponders }: Message): void {
    this.#waiting.get(subject)?.(noResponders ? undefined : data);
  }
}
