import type { Asked } from "../../src/routing/asked.ts";
import { fieldValues } from "../http/header-block.ts";

/** A request as rules look at it; what no rule asks for is never looked up. */
export class AskedRequest implements Asked {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly #headers: string;
  readonly #upgrade: string | undefined;

  /**
   * @param target origin-form, with its query
   * @param upgrade the protocol of `Upgrade`, which is not among the headers: it ends at each hop
   */
  constructor(method: string, target: string, headers: string, upgrade?: string) {
    const mark = target.indexOf("?");
    this.method = method;
    this.path = mark < 0 ? target : target.slice(0, mark);
    this.query = mark < 0 ? "" : target.slice(mark + 1);
    this.#headers = headers;
    this.#upgrade = upgrade;
  }

  header(name: string): string | undefined {
    if (name === "upgrade") return this.#upgrade;
    const values = fieldValues(this.#headers, name);
    return values.length <= 1 ? values[0] : values.join(", ");
  }
}
