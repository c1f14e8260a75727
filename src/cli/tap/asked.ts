import { WhereError, where } from "../../control/tap/where.ts";
import { UsageFault } from "../fault.ts";

/** What narrows a tap. */
export interface Narrowing {
  readonly from?: string;
  readonly path?: string;
  readonly where?: string;
}

/** One expression of all that narrows a tap. @throws UsageFault */
export function whereOf({ from, path, where: text }: Narrowing): string {
  const parts = [
    ...(from === undefined ? [] : [`caller == ${from}`]),
    ...(path === undefined ? [] : [`path ~ ${quoted(path)}`]),
  ];
  const all = [...parts, ...(text === undefined ? [] : [parts.length > 0 ? `(${text})` : text])];
  const expression = all.join(" && ");
  try {
    // Alone first, so that the place of a mistake is one in what was typed.
    if (text !== undefined) where(text);
    where(expression);
  } catch (error) {
    if (!(error instanceof WhereError)) throw error;
    throw new UsageFault(
      error.message,
      "for example --where 'status >= 500 && duration > 250ms'; weft tap --help names the fields",
    );
  }
  return expression;
}

function quoted(path: string): string {
  if (!path.includes("'")) return `'${path}'`;
  if (!path.includes('"')) return `"${path}"`;
  throw new UsageFault("--path has both kinds of quotes in it", "leave one of them to a *");
}
