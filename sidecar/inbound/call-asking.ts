import { type Asking, overrides } from "../../src/access/asking.ts";
import { fieldValues, fieldValuesLike } from "../http/header-block.ts";
import type { Call } from "../stack/call.ts";

/** A call as access rules look at it, as the app will see it. One of these serves all calls, as each is decided at once. */
export class CallAsking implements Asking {
  #call!: Call;

  /** @returns itself, about that call */
  readonly of = (call: Call): this => {
    this.#call = call;
    return this;
  };

  get method(): string {
    return this.#call.head.method;
  }

  get target(): string {
    return this.#call.head.path;
  }

  get overridden(): boolean {
    return overrides(this.#call.head.headers);
  }

  get claims(): Readonly<Record<string, unknown>> | undefined {
    return this.#call.claims;
  }

  fields(name: string): readonly string[] {
    const { headers, upgrade } = this.#call.head;
    // It ends at each hop, so it is not among the headers.
    if (name === "upgrade") return upgrade === undefined ? [] : [upgrade];
    return fieldValues(headers, name);
  }

  fieldsLike(name: string): readonly string[] {
    return name === "upgrade" ? this.fields(name) : fieldValuesLike(this.#call.head.headers, name);
  }
}
