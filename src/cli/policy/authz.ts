import { type ListedCaller, listAccess } from "../../access/listing.ts";
import { nameOf } from "../flags.ts";
import { table } from "../terminal.ts";
import type { AuthzFlags } from "../verbs/authz.ts";
import { accessInForce, brokerSide, lagOf, unlistedOf } from "./access.ts";
import { printJson, printLine } from "./print.ts";

const ANY_OTHER = "(any other)";
const HEAD = ["CALLER", "BROKER", "ACTION", "CALLS", "RULE", "MODE"];

/** Prints who may call a service, and what, and by which rule. */
export async function authz(name: string, flags: AuthzFlags): Promise<void> {
  const service = nameOf("service")(name);
  const { authorization, mesh } = await accessInForce(service, flags);
  const callers = listAccess(authorization, mesh);
  const authority = await brokerSide(flags);
  if (flags.output === "json") return printJson({ service, callers: callers.map(shown), broker: authority });
  printLine(table([HEAD, ...callers.flatMap(rowsOf)]));
  for (const line of [lagOf(authority), unlistedOf(authority)])
    if (line !== undefined) process.stderr.write(`weft: ${line}\n`);
}

/** In the order in which the rules are asked. */
const rowsOf = ({ caller = ANY_OTHER, maySend, rules }: ListedCaller): string[][] =>
  rules.map(({ verdict, what, rule, mode }, i) => [
    ...(i === 0 ? [caller, maySend ? "sends" : "refused"] : ["", ""]),
    ...[verdict, what, rule, mode],
  ]);

const shown = ({
  caller = null,
  ...rest
}: Omit<ListedCaller, "caller"> & { caller?: string | undefined | null }) => ({
  caller,
  ...rest,
});
