import type { Say } from "../../../sidecar/options.ts";
import { Fault } from "../fault.ts";
import { addressesOf, type Member, readyLine, startMember } from "../start-member.ts";
import { sayOnStderr } from "../terminal.ts";
import { type EndSignal, onTold } from "../told.ts";
import type { RunFlags } from "../verbs/run.ts";
import { type App, startApp } from "./app.ts";
import { appPort, isTaken } from "./app-port.ts";
import { appEnvironment } from "./environment.ts";

/** For answers that are still being written when the app has gone. */
const GRACE_MS = 1000;
/** After this long without a healthy app, somebody may wonder. */
const WONDER_AFTER_MS = 5000;
const LOOK_EVERY_MS = 20;

/**
 * Runs a command as an instance of a service.
 * @returns the exit code
 * @throws Fault and the parts' own errors, before the command is started
 */
export async function run(service: string, words: readonly string[], flags: RunFlags): Promise<number> {
  const say = sayOnStderr(`weft ${service}`, flags.logFormat);
  const port = flags.port || (await appPort(flags.appHost));
  const app = { host: flags.appHost, port };
  if (await isTaken(app))
    throw new Fault(
      `something listens on ${app.host}:${port} already, and would get the calls for ${service}`,
      "stop it, or give another --port (0 picks a free one)",
    );
  const member = await startMember(service, flags, { app, folder: flags.identity, say, accessLog: "stderr" });
  const { proxy, instance } = addressesOf(member, flags);
  const env = appEnvironment(process.env, { port, proxy, service, version: flags.version, instance });
  const child = startApp(words, env);
  const stopWaiting = announce(member, flags, child, say);
  const leaving = followSignals(member, child, flags, say);
  const code = await child.ended;
  stopWaiting();
  if (!leaving()) await member.sidecar.leave(GRACE_MS);
  await member.close(GRACE_MS);
  return code;
}

/** Says when the app is in the mesh, and what is missing when that takes long. */
function announce({ sidecar, membership }: Member, flags: RunFlags, app: App, say: Say): () => void {
  const { service } = membership.identity;
  const startedAt = performance.now();
  let wondered = false;
  const timer = setInterval(() => {
    const { ready, reasons } = sidecar.readiness();
    if (ready) {
      clearInterval(timer);
      process.stderr.write(`${readyLine(addressesOf({ sidecar, membership } as Member, flags))}\n`);
    } else if (!wondered && performance.now() - startedAt > WONDER_AFTER_MS) {
      wondered = true;
      say("warn", `${service} (${app.pid}) is not ready yet: ${reasons.join("; ")}`, "not-ready");
    }
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

/**
 * The first signal leaves the mesh, then goes on to the app; a second one kills it.
 * @returns whether one has come
 */
function followSignals(member: Member, app: App, flags: RunFlags, say: Say): () => boolean {
  let told: EndSignal | undefined;
  onTold(async (signal) => {
    if (told !== undefined) {
      app.kill();
      return;
    }
    told = signal;
    say("info", "leaves the mesh", "leaves");
    await member.sidecar.leave(flags.drain);
    app.signal(signal);
    setTimeout(() => {
      say(
        "warn",
        `the app did not end within ${flags.killAfter / 1000} s of ${signal}: it is killed`,
        "app-killed",
      );
      app.kill();
    }, flags.killAfter).unref();
  });
  return () => told !== undefined;
}
