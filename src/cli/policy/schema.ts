import { policyJsonSchema } from "../../resources/json-schema.ts";
import { referencePage } from "../../resources/reference.ts";

/** Prints what policy files may hold: for editors, or for people. */
export function schema(reference: boolean): void {
  process.stdout.write(reference ? referencePage() : `${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
}
