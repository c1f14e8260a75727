import { cut } from "./words.ts";

export type Path = readonly (string | number)[];

const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;
const STEP = /(?:^|\.)([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/gy;

/** A place in a document as people write it: `spec.rules[0].matches[1].path.value`, `metadata.labels["a/b"]`. */
export const pathText = (path: Path): string =>
  path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (!PLAIN.test(step) || step.length > 60) return `${text}[${JSON.stringify(cut(step))}]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");

/** The steps of a path that `pathText` wrote; a name that was cut is not found in the document by its step. */
export function pathSteps(text: string): Path {
  return [...text.matchAll(STEP)].map(([, name, index, quoted]) => {
    if (name !== undefined) return name;
    return index === undefined ? (JSON.parse(quoted!) as string) : Number(index);
  });
}
