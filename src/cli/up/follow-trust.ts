import { unwatchFile, watchFile } from "node:fs";
import type { Say } from "../../../sidecar/options.ts";
import { type BootstrapOptions, bootstrap, type Trust } from "../../identity/trust/bootstrap.ts";
import { readRotation, rotationFile } from "../../identity/trust/rotation/record.ts";
import type { MeshBroker } from "./broker.ts";
import type { Part } from "./part.ts";
import type { FollowedTrust } from "./record.ts";

export interface FollowOptions {
  readonly state: string;
  readonly trustOptions: BootstrapOptions;
  /** The rotation's round when the trust was loaded that all run with now. */
  readonly round: number;
  readonly broker: MeshBroker;
  readonly authority: Part;
  readonly registry: Part;
  readonly say: Say;
  /** Told how far a rotation has been followed, and the trust that all run with then. */
  readonly onFollowed: (followed: FollowedTrust, trust?: Trust) => void;
}

/** Certificates live a year and are renewed when half of it is left: once a day is often enough to look. */
const LOOK_EVERY_MS = 86_400_000;
/** A step of a rotation waits for this. */
const ROTATION_EVERY_MS = 500;

/**
 * Has broker and parts take up what changes in the trust folder while they run: what is renewed because it ages, and
 * each step of a rotation, which another process makes and writes into one file.
 * @returns the way to end it
 */
export function followTrust(options: FollowOptions): () => void {
  const { state, say, onFollowed } = options;
  let last: Promise<void> = Promise.resolve();
  // One after the other: each has to end with what the next one finds.
  const look = (follow: () => Promise<void>) => {
    last = last
      .then(follow)
      .catch((error: Error) => say("error", `the trust: ${error.message}`, "trust-trouble"));
  };
  const daily = setInterval(() => look(() => renewAgeing(options)), LOOK_EVERY_MS);
  let seen = options.round;
  const rotating = () =>
    look(async () => {
      const round = roundOf(state);
      if (round === seen) return;
      seen = round;
      try {
        const trust = await bootstrap(state, options.trustOptions);
        await take(options, trust);
        say("info", `took up round ${round} of the changes that rotations make`, "rotation-step");
        onFollowed({ round }, trust);
      } catch (error) {
        onFollowed({ round, problem: (error as Error).message });
        throw error;
      }
    });
  watchFile(rotationFile(state), { interval: ROTATION_EVERY_MS }, rotating);
  // A step that was made while this process started.
  onFollowed({ round: seen });
  rotating();
  return () => {
    clearInterval(daily);
    unwatchFile(rotationFile(state), rotating);
  };
}

export const roundOf = (state: string): number => readRotation(state)?.round ?? 0;

async function renewAgeing(options: FollowOptions): Promise<void> {
  const trust = await bootstrap(options.state, options.trustOptions);
  if (trust.made.length === 0) return;
  options.say("info", `renewed: ${trust.made.join(", ")}`, "trust-renewed");
  await take(options, trust);
}

/** The broker first: it has to know what the parts show it. */
async function take({ broker, authority, registry, say }: FollowOptions, trust: Trust): Promise<void> {
  if (broker.restartsFor(trust)) await inPause(registry, say, () => broker.follow(trust));
  else await broker.follow(trust);
  for (const part of [authority, registry]) await part.ask("renew");
}

/** Calls wait while the broker is restarted. A registry that cannot have them wait is no reason not to restart it. */
async function inPause(registry: Part, say: Say, restart: () => Promise<void>): Promise<void> {
  const ask = async (wish: "pause" | "resume", what: string): Promise<void> => {
    try {
      const { late = 0 } = await registry.ask(wish);
      if (late > 0) say("warn", `restarts the broker: ${late} ${what}`, `${wish}-late`);
    } catch (error) {
      say("warn", `restarts the broker: ${(error as Error).message}`, `${wish}-trouble`);
    }
  };
  say("info", "restarts the broker with the new operator: calls wait meanwhile", "broker-pause");
  await ask("pause", "sidecars have calls that take longer than a pause waits for; they are lost");
  try {
    await restart();
  } finally {
    await ask("resume", "sidecars are not back yet, and calls go on without them");
  }
}
