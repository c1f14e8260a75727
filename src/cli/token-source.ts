import { readFileSync } from "node:fs";
import { localToken } from "../identity/request-token.ts";
import { Fault } from "./fault.ts";
import { needUp, readUp } from "./up/record.ts";

/**
 * Where a new instance's token comes from: a file, else `WEFT_TOKEN`, else the mesh that runs from the state folder of
 * this machine. Never an argument: others can read those.
 * @param file its name, `-` for stdin
 */
export function tokenSource(state: string, service: string, file: string | undefined) {
  const given = process.env.WEFT_TOKEN || undefined; // a variable that is set to nothing says nothing
  // The app, and whatever it starts, must not inherit it.
  delete process.env.WEFT_TOKEN;
  return {
    /** The authority's URL where it is known. */
    authority: given === undefined && file === undefined ? readUp(state)?.authority.url : undefined,
    token: async (): Promise<string> => {
      if (file !== undefined) return fromFile(file);
      if (given !== undefined) return given;
      const { authority } = needUp(
        state,
        `give a token: --token-file FILE (weft token ${service} makes one)`,
      );
      return localToken(state, service, authority.url);
    },
  };
}

function fromFile(name: string): string {
  try {
    return readFileSync(name === "-" ? 0 : name, "utf8").trim();
  } catch (error) {
    throw new Fault(
      `the token's file ${name} cannot be read (${(error as NodeJS.ErrnoException).code})`,
      "name a file that holds what weft token printed",
    );
  }
}
