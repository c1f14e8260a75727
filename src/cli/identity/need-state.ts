import { existsSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "../fault.ts";

/** @throws Fault when no mesh was ever made in this state folder: nothing shall be made there by looking */
export function needState(state: string): void {
  if (existsSync(join(state, "trust"))) return;
  throw new Fault(
    `${state} is not the state folder of a mesh`,
    "give the folder of its weft up with --state DIR, on the machine where that runs",
  );
}
