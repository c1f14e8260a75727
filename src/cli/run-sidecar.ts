import { join } from "node:path";
import { addressesOf, readyLine, startMember } from "./start-member.ts";
import { sayOnStderr } from "./terminal.ts";
import { onTold } from "./told.ts";
import type { SidecarVerbOptions } from "./verbs/sidecar.ts";

/** How long answers that are being written may take once the sidecar has left. */
const GRACE_MS = 1000;

/** Runs a sidecar until a signal comes; a second one ends it at once. */
export async function runSidecar(service: string, flags: SidecarVerbOptions): Promise<void> {
  const say = sayOnStderr();
  const folder = flags.identity ?? keptBeside(service, flags);
  const member = await startMember(service, flags, { app: flags.app, folder, say, accessLog: "stdout" });
  // Before it says that it is ready: who reads that may end it at once.
  const told = new Promise<void>((resolve) => {
    let signals = 0;
    onTold(() => (signals++ === 0 ? resolve() : process.exit(1)));
  });
  const addresses = addressesOf(member, flags);
  process.stdout.write(
    `${flags.output === "json" ? JSON.stringify({ ready: true, ...addresses }) : readyLine(addresses)}\n`,
  );
  await told;
  say("info", `${service} leaves the mesh`);
  await member.sidecar.leave(flags.drain);
  await member.close(GRACE_MS);
  process.exit(0);
}

/** The port tells two instances on one machine apart, and no two processes can have it at once. */
const keptBeside = (service: string, { state, listen }: SidecarVerbOptions): string | undefined =>
  listen.port === 0 ? undefined : join(state, "sidecars", `${service}-${listen.port}`);
