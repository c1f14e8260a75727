import { painter, sayOnStderr } from "../terminal.ts";
import { onTold } from "../told.ts";
import { startMesh, type UpOptions } from "./up.ts";

/** Runs the mesh until a signal comes, or the broker cannot be kept running. */
export async function runUp(options: UpOptions): Promise<void> {
  const startedAt = performance.now();
  const told = new Promise<"told">((resolve) => onTold(() => resolve("told")));
  const say = sayOnStderr();
  const mesh = await Promise.race([startMesh(options, say), told]);
  // Parts end when this process does, and the next start takes over the state folder.
  if (mesh === "told") process.exit(130);
  const paint = painter(process.stdout);
  const line = (word: string, text: string, note = "") =>
    process.stdout.write(`${paint("bold", word.padEnd(9))}  ${text}${note && `  ${paint("dim", note)}`}\n`);
  line("broker", mesh.broker.urls.join(" "), mesh.broker.note);
  line("authority", mesh.authority.url, `pin ${mesh.pin}`);
  line("registry", mesh.registry.url);
  if (mesh.dashboard) line("dashboard", mesh.dashboard.url);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  line("ready", `in ${seconds} s; state in ${options.state}`, "next: weft help run");
  try {
    await Promise.race([told, mesh.broker.exited]);
  } finally {
    await mesh.stop();
  }
  process.exit(0);
}
