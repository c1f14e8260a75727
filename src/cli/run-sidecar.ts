import { join } from "node:path";
import type { Say } from "../../sidecar/options.ts";
import { addressesOf, type Member, readyLine, startMember } from "./start-member.ts";
import { sayOnStderr } from "./terminal.ts";
import { onTold } from "./told.ts";
import type { SidecarVerbOptions } from "./verbs/sidecar.ts";

/** How long answers that are being written may take once the sidecar has left. */
const GRACE_MS = 1000;

/** Runs a sidecar until a signal comes. */
export async function runSidecar(service: string, flags: SidecarVerbOptions): Promise<void> {
  const say = sayOnStderr("weft", flags.logFormat);
  const folder = flags.identity ?? keptBeside(service, flags);
  const member = await startMember(service, flags, { app: flags.app, folder, say, accessLog: "stdout" });
  const addresses = addressesOf(member, flags);
  const ready =
    flags.output === "json" ? JSON.stringify({ ready: true, ...addresses }) : readyLine(addresses);
  await untilTold(service, member, ready, flags.drain, say);
}

/**
 * Says that a member is ready, and when a signal comes leaves the mesh, finishes what is under way and ends the process;
 * a second signal ends it at once.
 * @param ready the line that says so
 */
export async function untilTold(
  service: string,
  member: Member,
  ready: string,
  drainMs: number,
  say: Say,
): Promise<never> {
  // Before it says that it is ready: who reads that may end it at once.
  const told = new Promise<void>((resolve) => {
    let signals = 0;
    onTold(() => (signals++ === 0 ? resolve() : process.exit(1)));
  });
  process.stdout.write(`${ready}\n`);
  await told;
  say("info", `${service} leaves the mesh`, "leaves");
  await member.sidecar.leave(drainMs);
  await member.close(GRACE_MS);
  process.exit(0);
}

/** The port tells two instances on one machine apart, and no two processes can have it at once. */
const keptBeside = (service: string, { state, listen }: SidecarVerbOptions): string | undefined =>
  listen.port === 0 ? undefined : join(state, "sidecars", `${service}-${listen.port}`);
