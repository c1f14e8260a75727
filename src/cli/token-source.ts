import { readFileSync } from "node:fs";
import type { PlatformTicket } from "../identity/authority/platform/ticket.ts";
import { localToken } from "../identity/member/request-token.ts";
import { environmentSecret } from "./environment-secrets.ts";
import { Fault, UsageFault } from "./fault.ts";
import { needUp, readUp } from "./up/record.ts";

export interface TokenFlags {
  readonly state: string;
  /** A file, `-` for stdin. */
  readonly tokenFile?: string;
  readonly platformToken?: string;
  /** URL and pin, for a platform's token: our own have both in them. */
  readonly authority?: string;
  readonly authorityPin?: string;
}

/**
 * Where a new instance's token comes from: a file, else `WEFT_TOKEN`, else the mesh that runs from the state folder of
 * this machine; or a file in which the platform keeps one. Never an argument: others can read those.
 */
export function tokenSource(flags: TokenFlags, service: string) {
  const { state, tokenFile, platformToken } = flags;
  const given = environmentSecret("WEFT_TOKEN");
  if (platformToken !== undefined) return fromPlatform(platformToken, flags);
  if (flags.authority !== undefined || flags.authorityPin !== undefined)
    throw new UsageFault(
      "--authority and --authority-pin belong to --platform-token: a token of weft has both in it",
      "leave them out, or give --platform-token FILE",
    );
  return {
    /** The authority's URL where it is known. */
    authority: given === undefined && tokenFile === undefined ? readUp(state)?.authority.url : undefined,
    token: async (): Promise<string> => {
      if (tokenFile !== undefined) return fromFile(tokenFile);
      if (given !== undefined) return given;
      const { authority } = needUp(
        state,
        `give a token: --token-file FILE (weft token ${service} makes one)`,
      );
      return localToken(state, service, authority.url);
    },
  };
}

/** The file is read when a token is needed: its platform writes a new one now and then. */
function fromPlatform(file: string, { state, tokenFile, authority, authorityPin }: TokenFlags) {
  if (tokenFile !== undefined)
    throw new UsageFault("--platform-token and --token-file are two ways to enrol", "leave one of them out");
  if ((authority === undefined) !== (authorityPin === undefined))
    throw new UsageFault(
      "--authority and --authority-pin belong together: the pin is what tells the authority from an impostor",
      "give both: weft up prints them, and DIR/up.json has them",
    );
  const local = authority === undefined ? readUp(state)?.authority : undefined;
  const [url, pin] = [authority ?? local?.url, authorityPin ?? local?.pin];
  return {
    authority: url,
    token: async (): Promise<PlatformTicket> => {
      if (url === undefined || pin === undefined)
        throw new Fault(
          `no mesh runs from the state folder ${state}, and a platform's token does not say where to enrol`,
          "give --authority URL --authority-pin HASH, which weft up prints",
        );
      return { authority: url, pin, token: fromFile(file) };
    },
  };
}

function fromFile(name: string): string {
  try {
    return readFileSync(name === "-" ? 0 : name, "utf8").trim();
  } catch (error) {
    throw new Fault(
      `the token's file ${name} cannot be read (${(error as NodeJS.ErrnoException).code})`,
      "name a file that holds what weft token printed, or the token of the platform",
    );
  }
}
