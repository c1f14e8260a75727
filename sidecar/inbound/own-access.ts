import { Access, hasExpression } from "../../src/access/access.ts";
import type { ServiceRouting } from "../../src/control/service-routing.ts";
import { loadRegexEngine, type RegexEngine } from "../../src/routing/text-match.ts";
import { type AuthorizeOptions, authorize } from "../policy/authorize.ts";
import type { Gate } from "../stack/call.ts";
import { CallAsking } from "./call-asking.ts";

export type OwnAccessOptions = Pick<AuthorizeOptions, "service" | "denied">;

/** Who may call this service, and what; it follows the policy. */
export class OwnAccess {
  readonly #options: OwnAccessOptions;
  readonly #asking = new CallAsking();
  #regex: RegexEngine | undefined;
  #gate: Gate | undefined;

  constructor(options: OwnAccessOptions) {
    this.#options = options;
  }

  /** Undefined when everybody may call everything: then it costs nothing. */
  get gate(): Gate | undefined {
    return this.#gate;
  }

  /** Loads what `configure` needs for a policy. */
  async prepare(routing: ServiceRouting | undefined): Promise<void> {
    if (hasExpression(routing?.policy?.spec.authorization)) this.#regex ??= await loadRegexEngine();
  }

  /** @param routing prepared; undefined while no policy is known */
  configure(routing: ServiceRouting | undefined): void {
    const { authorization } = routing?.policy?.spec ?? {};
    const access = new Access(authorization, routing?.mesh?.authorization, this.#regex);
    this.#gate = access.isOpen
      ? undefined
      : authorize({ ...this.#options, access, askingOf: this.#asking.of });
  }
}
