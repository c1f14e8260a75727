import type { Bus } from "../../src/bus/bus.ts";
import { type Hint, MAX_HINT_BYTES, readPassedHint } from "../../src/control/hints/wire.ts";
import { pack } from "../../src/registry/frame.ts";
import { callerOf } from "../../src/subjects/reply.ts";
import { registry as subjects } from "../../src/subjects/subjects.ts";

export interface SharedEjectionsOptions {
  readonly bus: Bus;
  /** The service that this sidecar is. */
  readonly caller: string;
  /** Another calling service has ejected an instance; whose word it is, the registry has from the broker. */
  readonly heard: (service: string, instance: string, caller: string) => void;
}

/** What callers tell each other of the instances they have ejected, by way of the registry. */
export class SharedEjections {
  readonly #options: SharedEjectionsOptions;

  constructor(options: SharedEjectionsOptions) {
    this.#options = options;
  }

  tell(service: string, instance: string): void {
    const { bus, caller } = this.#options;
    const hint: Hint = { service, instance };
    bus.send(subjects.get("hint", caller), pack(hint));
  }

  /** Hears what is said of the instances of one service; returns the way to stop. */
  follow(service: string): () => void {
    const { bus, heard } = this.#options;
    const subscription = bus.subscribe(subjects.everyHintOf(service), undefined, ({ subject, data }) => {
      const hint = data.length > MAX_HINT_BYTES ? undefined : readPassedHint(data);
      if (hint !== undefined) heard(service, hint.instance, callerOf(subject));
    });
    return () => subscription.unsubscribe();
  }
}
