import * as z from "zod/mini";
import type { FindingCode } from "./finding.ts";

/** An object whose fields may be anything: a rule also runs when another part of it is wrong. */
export type Rough = { readonly [field: string]: unknown };

export type Report = (
  path: readonly (string | number)[],
  message: string,
  cure: string,
  code?: FindingCode,
) => void;

/** What a rule's issue carries for the finding that is made of it. */
export interface RuleParams {
  readonly cure: string;
  readonly code: FindingCode;
}

export const isObject = (value: unknown): value is Rough =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The objects of a list by their index; anything that is no object counts as an empty one. */
export const objects = (value: unknown): readonly Rough[] =>
  Array.isArray(value) ? value.map((one: unknown) => (isObject(one) ? one : {})) : [];

/**
 * A rule about several fields of one object. It runs even when fields are wrong, so that all findings come at once;
 * it must therefore trust no type.
 */
export function rule(judge: (value: Rough, report: Report) => void) {
  return z.check<object>(
    (payload) => {
      const { value } = payload;
      judge(value as Rough, (path, message, cure, code = "invalid-value") => {
        const params: RuleParams = { cure, code };
        payload.issues.push({
          code: "custom",
          input: value,
          path: [...path],
          message,
          params: { ...params },
          continue: true,
        });
      });
    },
    { when: ({ value }) => isObject(value) },
  );
}

/**
 * The rule of an object that stands for a union: a flat one, so that a wrong field is named.
 * @param what the field that has the object; @param fields of which exactly one is written, two or more
 * @param example one of them, as it is written
 */
export const exactlyOne = (what: string, fields: readonly string[], example: string) =>
  rule((value, report) => {
    const written = fields.filter((field) => value[field] !== undefined);
    if (written.length === 1) return;
    const all = `${fields.slice(0, -1).join(", ")} and ${fields.at(-1)}`;
    const found = written.length === 0 ? "none of them" : written.join(" and ");
    report(
      [],
      `${what} needs exactly one of ${all}, and has ${found}`,
      `write one of them, for example ${example}`,
    );
  });

/**
 * Reports list entries whose name was there before.
 * @param keyOf what makes two entries the same; undefined for an entry that cannot be told
 */
export function unique(
  list: unknown,
  field: string,
  what: string,
  keyOf: (name: string) => string,
  report: Report,
  at: string = "name",
): void {
  const first = new Map<string, number>();
  for (const [index, entry] of objects(list).entries()) {
    const name = entry[at];
    if (typeof name !== "string") continue;
    const before = first.get(keyOf(name));
    if (before === undefined) first.set(keyOf(name), index);
    else
      report(
        [field, index, at],
        `${what} ${JSON.stringify(name)} is already in ${field}[${before}]`,
        `keep one of the two`,
      );
  }
}
