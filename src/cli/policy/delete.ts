import { type Finding, finding } from "../../resources/finding.ts";
import { isKind, type Kind } from "../../resources/read.ts";
import { isObject } from "../../resources/rule.ts";
import { shown } from "../../resources/words.ts";
import { UsageFault } from "../fault.ts";
import type { DeleteFlags } from "../verbs/delete.ts";
import { whoAmI } from "./apply.ts";
import { type ChangeAnswer, printChanges } from "./changes.ts";
import { type Item, load } from "./files/load.ts";
import { refuse } from "./outcome.ts";
import { isRefused, writePolicy } from "./registry.ts";

interface Named {
  readonly kind: Kind;
  readonly name: string;
  readonly namespace: string;
}

/** Takes resources out of force: those named, or those of files, all or none. */
export async function deletePolicy(
  kind: string | undefined,
  names: readonly string[],
  flags: DeleteFlags,
): Promise<void> {
  const { filename = [], recursive, dryRun = false, output } = flags;
  if ((kind === undefined) === (filename.length === 0))
    throw new UsageFault("what is to be deleted?", "give KIND and NAME, or files with -f FILE");
  if (kind !== undefined && names.length === 0)
    throw new UsageFault(`which ${kind} is to be deleted?`, "give its name, as weft get shows it");
  const { items, findings } =
    kind === undefined ? await load(filename, recursive) : { items: [], findings: [] };
  const fromFiles = items.map(namedIn);
  const wrong = [...findings, ...fromFiles.flatMap((one) => ("code" in one ? [one] : []))];
  if (wrong.length > 0) return refuse(wrong, items, "deleted", output);
  const resources = kind === undefined ? fromFiles : names.map((name) => parsed(kindOf(kind), name));
  const answer = await writePolicy<ChangeAnswer>(flags, "/v1/policy/delete", {
    ...{ resources, dryRun, by: whoAmI() },
  });
  if (isRefused(answer)) return refuse(answer.findings, items, "deleted", output);
  printChanges(answer, flags);
}

/** A resource may be deleted although it could not be applied any more, so only its name is read. */
function namedIn({ value }: Item, document: number): Named | Finding {
  const { kind, metadata } = isObject(value) ? value : {};
  const { name, namespace = "default" } = isObject(metadata) ? metadata : {};
  if (!isKind(kind))
    return finding(
      "unknown-kind",
      { document, path: "kind" },
      `${shown(kind)} is no kind that can be deleted`,
    );
  if (typeof name === "string" && typeof namespace === "string") return { kind, name, namespace };
  const where = { document, resource: kind, path: "metadata.name" };
  return finding("invalid-value", where, "there is no name that says what is to be deleted");
}

function parsed(kind: Kind, text: string): Named {
  const parts = text.split("/");
  const name = parts.pop()!;
  return { kind, name, namespace: parts.pop() ?? "default" };
}

const KINDS_BY_WORD: Readonly<Record<string, Kind>> = {
  route: "HTTPRoute",
  routes: "HTTPRoute",
  httproute: "HTTPRoute",
  policy: "ServicePolicy",
  policies: "ServicePolicy",
  servicepolicy: "ServicePolicy",
  meshpolicy: "MeshPolicy",
  meshpolicies: "MeshPolicy",
};

function kindOf(word: string): Kind {
  const kind = KINDS_BY_WORD[word.toLowerCase()];
  if (kind === undefined)
    throw new UsageFault(`there is no kind ${JSON.stringify(word)}`, "give route, policy or meshpolicy");
  return kind;
}
