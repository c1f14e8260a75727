/** Text for a cell of a Markdown table. */
const cell = (text: string): string => text.replace(/\|/g, "\\|").replace(/\n/g, " ");

export const code = (text: string): string => `\`${text}\``;

/** A Markdown table, unpadded: so a changed cell changes one line. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(heads), `|${heads.map(() => " --- ").join("|")}|`, ...rows.map(line)].join("\n");
}

/** What every generated page begins with. */
export const generated = (title: string, from: string): string =>
  `# ${title}\n\nWritten by \`npm run pages\` from ${from}: change those, not this page.`;
