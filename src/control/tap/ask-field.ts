import { parseDuration } from "../../protocol/duration.ts";

/** What can be asked of a call. */
export interface Facts {
  readonly status: number;
  readonly method: string;
  /** Asked without its query. */
  readonly path: string;
  readonly caller: string;
  readonly callee: string;
  readonly version: string;
  /** Of the mesh; empty when the app answered. */
  readonly code: string;
  readonly ms: number;
}

export type Test = (facts: Facts) => boolean;

type TextField = "method" | "path" | "caller" | "callee" | "version" | "code";

/** The fields, and what kind of value each is compared with. */
export const FIELDS = {
  status: "number",
  duration: "duration",
  method: "text",
  path: "text",
  caller: "text",
  callee: "text",
  version: "text",
  code: "text",
} as const;
export type Field = keyof typeof FIELDS;

export const TEXT_OPERATORS = "==, !=, ~, !~";

/** @returns the test of one comparison, or what is wrong with it, in a sentence */
export function ask(field: Field, operator: string, value: string): Test | string {
  if (field === "status") {
    if (!/^\d{1,3}$/.test(value)) return `status is a number such as 500, not "${value}"`;
    return compare("status", operator, Number(value), (facts) => facts.status);
  }
  if (field === "duration") {
    const ms = parseDuration(value);
    if (ms === undefined) return `duration is one such as 250ms or 2s, not "${value}"`;
    return compare("duration", operator, ms, (facts) => facts.ms);
  }
  return askText(field, operator, value);
}

function askText(field: TextField, operator: string, value: string): Test | string {
  const wanted = field === "method" ? value.toUpperCase() : value;
  const read = (facts: Facts): string => (field === "path" ? withoutQuery(facts.path) : facts[field]);
  switch (operator) {
    case "=":
    case "==":
      return (facts) => read(facts) === wanted;
    case "!=":
      return (facts) => read(facts) !== wanted;
    case "~":
      return (facts) => fits(read(facts), wanted);
    case "!~":
      return (facts) => !fits(read(facts), wanted);
    default:
      return `${field} is a text: it has ${TEXT_OPERATORS}, not ${operator}`;
  }
}

function compare(
  field: string,
  operator: string,
  value: number,
  read: (facts: Facts) => number,
): Test | string {
  switch (operator) {
    case "=":
    case "==":
      return (facts) => read(facts) === value;
    case "!=":
      return (facts) => read(facts) !== value;
    case "<":
      return (facts) => read(facts) < value;
    case "<=":
      return (facts) => read(facts) <= value;
    case ">":
      return (facts) => read(facts) > value;
    case ">=":
      return (facts) => read(facts) >= value;
    default:
      return `${field} is a number: it has ==, !=, <, <=, > and >=, not ${operator}`;
  }
}

export const withoutQuery = (path: string): string => {
  const at = path.indexOf("?");
  return at < 0 ? path : path.slice(0, at);
};

/** Whether `text` is like `pattern`, where `*` is any text: each part is looked for once, from left to right. */
export function fits(text: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return text === first;
  const last = rest.pop()!;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
