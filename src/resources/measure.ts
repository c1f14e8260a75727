import { type Finding, type FindingCode, finding } from "./finding.ts";
import { type Path, pathText } from "./path.ts";

/** A route of 128 matches that uses every field is a third of this; anything larger is a mistake or an attack. */
const MAX_VALUES = 50_000;
const MAX_CHARACTERS = 512 * 1024;
const MAX_DEPTH = 32;
/** No field of a resource is deeper; what is nested deeper is told by where it begins. */
const SHOWN_DEPTH = 16;

type Where = Pick<Finding, "document" | "resource">;

/** What is found before the value is looked at as a resource. */
export interface Measured {
  readonly findings: readonly Finding[];
  /** False when it is too large to be looked at any further. */
  readonly fits: boolean;
}

/**
 * Walks a value of unknown origin once and stops as soon as a limit is reached: so shared parts (YAML aliases) and
 * circles cost no more than the limit. Also finds what JSON cannot say, and `__proto__`, which names no field ever.
 */
export function measure(value: unknown, where: Where): Measured {
  const findings: Finding[] = [];
  const path: (string | number)[] = [];
  let values = 0;
  let characters = 0;

  const report = (code: FindingCode, at: Path, message: string, cure?: string): false => {
    findings.push(finding(code, { ...where, path: pathText(at.slice(0, SHOWN_DEPTH)) }, message, cure));
    return false;
  };
  const step = (into: string | number, inner: unknown): boolean => {
    path.push(into);
    const fits = walk(inner);
    path.pop();
    return fits;
  };
  const walk = (one: unknown): boolean => {
    if (typeof one === "string") characters += one.length;
    if (++values > MAX_VALUES)
      return report("too-large", [], `the resource has more than ${MAX_VALUES} values`);
    if (characters > MAX_CHARACTERS)
      return report("too-large", [], `the resource has more than ${MAX_CHARACTERS} characters`);
    if (path.length > MAX_DEPTH)
      return report("too-large", path, `the resource is nested more than ${MAX_DEPTH} deep`);
    if (Array.isArray(one)) return one.every((inner, index) => step(index, inner));
    if (isPlain(one)) {
      for (const key of Object.keys(one)) {
        characters += key.length;
        if (!step(key, one[key])) return false;
      }
      if (Object.hasOwn(one, "__proto__"))
        report("unknown-field", [...path, "__proto__"], '"__proto__" is no field', "leave it out");
    } else if (!isScalar(one)) {
      const what = typeof one === "number" ? String(one) : `a value of type ${typeof one}`;
      report(
        "invalid-value",
        path,
        `${what} is no value of JSON`,
        "write text, a number, true, false, a list or a map",
      );
    }
    return true;
  };
  return { fits: walk(value), findings };
}

const isScalar = (value: unknown): boolean =>
  value === null || ["string", "boolean"].includes(typeof value) || Number.isFinite(value);

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
