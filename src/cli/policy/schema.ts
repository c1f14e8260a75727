import { policyJsonSchema } from "../../resources/json-schema.ts";
import { referencePage } from "../../resources/reference.ts";
import { print, printJson } from "./print.ts";

/** Prints what policy files may hold: for editors, or for people. */
export function schema(reference: boolean): void {
  if (reference) print(referencePage());
  else printJson(policyJsonSchema());
}
