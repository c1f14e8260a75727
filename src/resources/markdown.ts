/** Text for a cell of a Markdown table. */
const cell = (text: string): string => text.replace(/\|/g, "\\|").replace(/\n/g, " ");

export const code = (text: string): string => `\`${text}\``;

/** A Markdown table, padded as the formatter pads it, so that it finds nothing to change. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [heads, ...rows].map((row) => row.map(cell));
  const widths = heads.map((_, i) => Math.max(3, ...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((one, i) => one.padEnd(widths[i]!)).join(" | ")} |`;
  const [head, ...body] = cells.map(line);
  return [head, line(widths.map((width) => "-".repeat(width))), ...body].join("\n");
}

/** What every generated page begins with. */
export const generated = (title: string, from: string): string =>
  `# ${title}\n\nWritten by \`npm run pages\` from ${from}: change those, not this page.`;
