import type { Say } from "../../sidecar/options.ts";

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export type Style = keyof typeof CODES;

/** Colours for a terminal; plain text elsewhere, and where NO_COLOR is set (no-color.org). */
export const painter = (stream: { isTTY?: boolean }): ((style: Style, text: string) => string) =>
  stream.isTTY && !process.env.NO_COLOR && process.env.TERM !== "dumb"
    ? (style, text) => `\u001b[${CODES[style]}m${text}\u001b[0m`
    : (_style, text) => text;

/**
 * Lines of weft itself on stderr, so that stdout holds data, or what the app prints, alone.
 * @param format `json`: an object a line, with `event`, as the authority and the registry log
 */
export function sayOnStderr(prefix = "weft", format: "text" | "json" = "text"): Say {
  if (format === "json")
    return (level, msg, event) =>
      process.stderr.write(
        `${JSON.stringify({ level, time: new Date().toISOString(), part: prefix, event, msg })}\n`,
      );
  const paint = painter(process.stderr);
  const style = { info: "dim", warn: "yellow", error: "red" } as const;
  return (level, message) => process.stderr.write(`${paint(style[level], `${prefix}:`)} ${message}\n`);
}

/** Columns of a terminal; anything else is as wide as can be. One that says 0, as many in containers do, has 80. */
export const widthOf = (stream: { readonly isTTY?: boolean; readonly columns?: number }): number =>
  stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY;

/** Rows in columns; the first row is the head. Every cell is plain text. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
