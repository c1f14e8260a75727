import type { Asked } from "../../src/routing/asked.ts";
import { fieldValues } from "../http/header-block.ts";

/** A request as rules look at it; what no rule asks for is never looked up. */
export class AskedRequest implements Asked {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly #headers: string;

  /** @param target origin-form, with its query */
  constructor(method: string, target: string, headers: string) {
    const mark = target.indexOf("?");
    this.method = method;
    this.path = mark < 0 ? target : target.slice(0, mark);
    this.query = mark < 0 ? "" : target.slice(mark + 1);
    this.#headers = headers;
  }

  header(name: string): string | undefined {
    const values = fieldValues(this.#headers, name);
    return values.length <= 1 ? values[0] : values.join(", ");
  }
}
