import { type Finding, finding } from "./finding.ts";
import { type Path, pathText } from "./path.ts";
import { shown } from "./words.ts";

/** A route of 128 matches that uses every field is a tenth of this; anything larger is a mistake or an attack. */
const MAX_VALUES = 50_000;
const MAX_CHARACTERS = 512 * 1024;
const MAX_DEPTH = 32;

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
  let values = 0;
  let characters = 0;

  const tooLarge = (path: Path, message: string): false => {
    findings.push(finding("too-large", { ...where, path: pathText(path) }, message));
    return false;
  };
  const walk = (one: unknown, path: Path): boolean => {
    if (++values > MAX_VALUES) return tooLarge([], `the resource has more than ${MAX_VALUES} values`);
    if (typeof one === "string") characters += one.length;
    if (characters > MAX_CHARACTERS)
      return tooLarge([], `the resource has more than ${MAX_CHARACTERS} characters`);
    if (path.length > MAX_DEPTH)
      return tooLarge(path.slice(0, 8), `the resource is nested more than ${MAX_DEPTH} deep`);
    if (Array.isArray(one)) return one.every((inner, index) => walk(inner, [...path, index]));
    if (!isPlain(one)) {
      if (!isScalar(one))
        findings.push(
          finding(
            "invalid-value",
            { ...where, path: pathText(path) },
            `${typeof one === "number" ? one : `a value of type ${typeof one}`} is no value of JSON`,
            "write text, a number, true, false, a list or a map",
          ),
        );
      return true;
    }
    return Object.keys(one).every((key) => {
      characters += key.length;
      if (key === "__proto__")
        findings.push(
          finding("unknown-field", { ...where, path: pathText([...path, key]) }, `${shown(key)} is no field`),
        );
      return walk(one[key], [...path, key]);
    });
  };
  const fits = walk(value, []);
  return { findings, fits };
}

const isScalar = (value: unknown): boolean =>
  value === null || ["string", "boolean"].includes(typeof value) || Number.isFinite(value);

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
