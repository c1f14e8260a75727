import type { Command } from "commander";

/** `weft schema` */
export function define(command: Command): Command {
  return command
    .description("Print the JSON Schema of policy files, for editors; or the reference of all fields.")
    .option("--reference", "print the reference page (Markdown)")
    .addHelpText(
      "after",
      `
Examples:
  weft schema > weft.schema.json
  weft schema --reference | less

Editors with a YAML language server (VS Code, Neovim, IntelliJ) then check and complete a file that begins with
  # yaml-language-server: $schema=weft.schema.json`,
    )
    .action(async (flags: { readonly reference?: boolean }) =>
      (await import("../policy/schema.ts")).schema(flags.reference === true),
    );
}
