import { UsageFault } from "../fault.ts";
import { needUp } from "../up/record.ts";

/** The registry's URL as `--registry` gives it, else that of the mesh of `--state`. */
export function registryUrl({
  state,
  registry,
}: {
  readonly state: string;
  readonly registry?: string;
}): string {
  if (registry === undefined) return needUp(state, "give --registry URL").registry.url;
  if (URL.canParse(registry) && /^https?:/.test(registry)) return registry.replace(/\/$/, "");
  throw new UsageFault(
    `--registry ${JSON.stringify(registry)} is not a URL`,
    "give one such as http://127.0.0.1:4281",
  );
}
