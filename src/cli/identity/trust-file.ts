import { readFileSync } from "node:fs";
import { parse, YAMLParseError } from "yaml";
import {
  readTrustedIssuers,
  type TrustedIssuer,
  TrustedIssuersError,
} from "../../identity/authority/platform/trusted-issuers.ts";
import { Fault } from "../fault.ts";

/** Reads the file of `--trust-issuers`, YAML or JSON. @throws Fault with each thing that is wrong */
export function readTrustFile(name: string): readonly TrustedIssuer[] {
  try {
    return readTrustedIssuers(parse(readFileSync(name, "utf8"), { schema: "core", maxAliasCount: 100 }));
  } catch (error) {
    throw new Fault(`the file of trusted issuers ${name} ${problemOf(error)}`, CURE);
  }
}

const CURE = "mend it: src/identity/authority/platform/README.md shows one";

function problemOf(error: unknown): string {
  if (error instanceof TrustedIssuersError) return `is not taken:\n${error.message}`;
  if (error instanceof YAMLParseError) return `is no YAML: ${error.message.split("\n")[0]}`;
  return `cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`;
}
