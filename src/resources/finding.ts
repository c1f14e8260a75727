export type Severity = "error" | "warning";

interface FindingMeaning {
  readonly severity: Severity;
  readonly meaning: string;
  readonly cure: string;
}

/** Everything that can be said about a policy file or a set of policies. The list is closed; the codes are stable. */
export const FINDINGS = {
  yaml: {
    severity: "error",
    meaning: "the file is not YAML, or not JSON",
    cure: "mend the line that is named",
  },
  "too-large": {
    severity: "error",
    meaning: "the file, the resource or what a service would get is larger, deeper or costlier than allowed",
    cure: "split it into several resources, or leave out what is not needed",
  },
  "too-many-aliases": {
    severity: "error",
    meaning: "the YAML aliases of the file unfold into far more than is written",
    cure: "write the values out",
  },
  "too-many-findings": {
    severity: "error",
    meaning: "there are more findings than are shown",
    cure: "mend those that are shown, then look again",
  },
  "unknown-kind": {
    severity: "error",
    meaning: "the document is no HTTPRoute, no ServicePolicy and no MeshPolicy",
    cure: "write kind: HTTPRoute, kind: ServicePolicy or kind: MeshPolicy, or leave the document out",
  },
  "unknown-field": {
    severity: "error",
    meaning: "no such field exists at this place",
    cure: "write the field that is offered, or leave it out; `weft schema` gives editors the fields",
  },
  unsupported: {
    severity: "error",
    meaning: "the kind, field or value belongs to the standard, but Weft does not carry it",
    cure: "leave it out; the finding says what to use instead",
  },
  "invalid-value": {
    severity: "error",
    meaning: "a value is missing, of the wrong type, out of its limits, or contradicts another field",
    cure: "write a value as the finding says",
  },
  duplicate: {
    severity: "error",
    meaning: "one apply has the same resource twice",
    cure: "keep one of the two",
  },
  conflict: {
    severity: "error",
    meaning: "two routes have the same conditions for the same service, so their age would decide",
    cure: "make the conditions differ, or put both rules into one route",
  },
  "unknown-service": {
    severity: "error",
    meaning: "the registry has never seen an instance of this service",
    cure: "mend the name, start the service first, or apply with --allow-unknown",
  },
  "unknown-version": {
    severity: "error",
    meaning: "the registry has never seen an instance of this version of the service",
    cure: "mend the version, start it first, or apply with --allow-unknown",
  },
  "unknown-resource": {
    severity: "error",
    meaning: "no such resource is applied, so it cannot be deleted",
    cure: "look at `weft get routes` and `weft get policies`",
  },
  "redirect-cycle": {
    severity: "error",
    meaning:
      "redirects lead back to where they began; only a warning where a redirect has nothing but a statusCode, so that it says itself that the URL stays",
    cure: "send the redirect to a path or host that no redirect in the circle takes",
  },
  shadowed: {
    severity: "warning",
    meaning: "a match or rule can never take a request, because another one takes them all before it",
    cure: "leave it out, or make its conditions narrower than those of the other",
  },
  "no-backend": {
    severity: "warning",
    meaning: "a rule has neither backendRefs nor a redirect, so each of its calls is answered with 500",
    cure: "give the rule a backendRef; it may be the service itself",
  },
  "no-weight": {
    severity: "warning",
    meaning: "all weights of a rule are 0, so each of its calls is answered with 500",
    cure: "give at least one backend a weight",
  },
  "no-instance": {
    severity: "warning",
    meaning: "a backend has no instance at the moment, so its share of the calls fails",
    cure: "start an instance, or take the backend out",
  },
  "no-effect": {
    severity: "warning",
    meaning: "what is written changes nothing",
    cure: "leave it out, or write what it was meant to do",
  },
} as const satisfies Record<string, FindingMeaning>;

export type FindingCode = keyof typeof FINDINGS;

/** A place as in a finding. */
export interface OtherPlace {
  readonly document: number;
  readonly path: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** Index of the document in what was read, from 0. */
  readonly document?: number;
  /** Kind and name, `HTTPRoute orders`, as far as they can be read. */
  readonly resource?: string;
  /** Place in the document, `spec.rules[0].matches[1].path.value`; empty for the document itself. */
  readonly path: string;
  /** What is wrong, and what was found. */
  readonly message: string;
  /** What to write. */
  readonly cure: string;
  /** The other of two places that are wrong together, when it is in what was read. */
  readonly other?: OtherPlace;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/**
 * A finding with the severity, and when none is given the cure, of its code.
 * @param where the document, resource and place, as far as they are known
 */
export function finding(
  code: FindingCode,
  where: Pick<Finding, "document" | "resource" | "path">,
  message: string,
  cure: string = FINDINGS[code].cure,
): Finding {
  return { code, severity: FINDINGS[code].severity, ...where, message, cure };
}
