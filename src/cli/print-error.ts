import { Fault } from "./fault.ts";
import { painter } from "./terminal.ts";

/** Errors of JavaScript itself: no part of weft says such a thing to a user, so it is a bug. */
const BUGS = new Set(["TypeError", "RangeError", "ReferenceError", "SyntaxError", "AssertionError"]);

/**
 * Prints an error on stderr: what is wrong, and what to do.
 * @returns the exit code
 */
export function printError(error: unknown): number {
  const paint = painter(process.stderr);
  const known = error instanceof Error ? error : new Error(String(error));
  const lines = [`${paint("red", "weft:")} ${known.message}`];
  if (known instanceof Fault) lines.push(`      ${known.cure}`);
  else if (BUGS.has(known.name) && (known as NodeJS.ErrnoException).syscall === undefined)
    lines.push("      this is a fault of weft itself: WEFT_DEBUG=1 shows where; please report it");
  if (process.env.WEFT_DEBUG === "1") lines.push(known.stack ?? "");
  process.stderr.write(`${lines.join("\n")}\n`);
  return known instanceof Fault ? known.exitCode : 1;
}

/** Commander's complaint in our form. */
export function usageLines(message: string, args: readonly string[]): string {
  const paint = painter(process.stderr);
  const [what = "", ...hints] = message.replace(/^error: /, "").split("\n");
  const verb = args.find((arg) => !arg.startsWith("-"));
  const cure = [
    ...hints.map((hint) => hint.replace(/^\((.*)\)$/, "$1")),
    `see weft ${verb ? `help ${verb}` : "--help"}`,
  ];
  return `${paint("red", "weft:")} ${what}\n      ${cure.join(" ")}\n`;
}
