import { painter, sayOnStderr } from "../terminal.ts";
import { onTold } from "../told.ts";
import { type Mesh, startMesh, type UpOptions } from "./up.ts";

/** Runs the mesh until a signal comes, or the broker cannot be kept running. */
export async function runUp(options: UpOptions): Promise<void> {
  const startedAt = performance.now();
  const told = new Promise<"told">((resolve) => onTold(() => resolve("told")));
  const say = sayOnStderr("weft", options.logFormat);
  const mesh = await Promise.race([startMesh(options, say), told]);
  // Parts end when this process does, and the next start takes over the state folder.
  if (mesh === "told") process.exit(130);
  const seconds = (performance.now() - startedAt) / 1000;
  process.stdout.write(
    options.logFormat === "json" ? readyJson(mesh, options) : readyText(mesh, options, seconds),
  );
  try {
    await Promise.race([told, mesh.broker.exited]);
  } finally {
    await mesh.stop();
  }
  process.exit(0);
}

function readyText(
  { broker, authority, registry, dashboard, pin }: Mesh,
  { state }: UpOptions,
  seconds: number,
): string {
  const paint = painter(process.stdout);
  const line = (word: string, text: string, note = "") =>
    `${paint("bold", word.padEnd(9))}  ${text}${note && `  ${paint("dim", note)}`}\n`;
  return [
    line("broker", broker.urls.join(" "), broker.note),
    line("authority", authority.url, `pin ${pin}`),
    line("registry", registry.url),
    ...(dashboard ? [line("dashboard", dashboard.url)] : []),
    line("ready", `in ${seconds.toFixed(1)} s; state in ${state}`, "next: weft help run"),
  ].join("");
}

/** The same for programs. */
function readyJson({ broker, authority, registry, dashboard, pin }: Mesh, { state }: UpOptions): string {
  const urls = { broker: broker.urls, authority: authority.url, pin, registry: registry.url };
  return `${JSON.stringify({ ready: true, ...urls, ...(dashboard && { dashboard: dashboard.url }), state })}\n`;
}
