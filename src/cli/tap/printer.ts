import type { TappedCall } from "../../control/tap/wire.ts";
import { WEFT_VERSION } from "../../protocol/weft-version.ts";
import { printJson, printLine } from "../policy/print.ts";
import { sayOnStderr } from "../terminal.ts";
import { harOf } from "./har.ts";
import { HEAD, lineOf } from "./rows.ts";

export interface Printer {
  begin(): void;
  call(call: TappedCall): void;
  end(): void;
}

/** An archive is one document, so it is held until the end. */
const MOST_HELD = 10_000;

/** How calls are printed: a line each, a JSON object on a line each, or an HTTP Archive at the end. */
export function printerFor(output: "table" | "json" | "har"): Printer {
  const nothing = (): void => {};
  if (output === "json")
    return { begin: nothing, call: (call) => printLine(JSON.stringify(call)), end: nothing };
  if (output === "table")
    return {
      begin: () => printLine(HEAD),
      call: (call) => printLine(lineOf(call, process.stdout)),
      end: nothing,
    };
  const held: TappedCall[] = [];
  let more = 0;
  return {
    begin: nothing,
    call: (call) => void (held.length < MOST_HELD ? held.push(call) : more++),
    end() {
      if (more > 0)
        sayOnStderr()(
          "warn",
          `the archive has the first ${MOST_HELD} calls: ${more} more came`,
          "archive-full",
        );
      printJson(harOf(held, WEFT_VERSION));
    },
  };
}
