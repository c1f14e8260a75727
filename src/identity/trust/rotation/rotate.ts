import { openAudit, openLedger } from "../../records/records.ts";
import { caSteps } from "./ca.ts";
import { operatorSteps } from "./operator.ts";
import { type Rotation, type RotationKind, readRotation, writeRotation } from "./record.ts";
import { signingKeySteps } from "./signing-key.ts";
import type { Scene, Step, Steps } from "./step.ts";
import { nameOf, type Seen, stragglers } from "./stragglers.ts";

export const STEPS: Steps = { ca: caSteps, "signing-key": signingKeySteps, operator: operatorSteps };

/** The mesh that runs from the state folder, or none. */
export interface RunningMesh {
  /** Its brokers are the user's own, who changes their files and starts them. */
  readonly ownBrokers: boolean;
  /** Waits until brokers and parts have taken up what the trust folder says since a round. @throws Error when they cannot */
  takeUp(round: number): Promise<void>;
  /** Tells the brokers the account's JWT as the trust folder has it now. @throws Error */
  tellAccount(): Promise<void>;
  /** Has everybody renew whose identity was issued before a time (Unix ms). @throws Error */
  askRenewal(issuedBefore: number): Promise<void>;
  /** Who is there, by the registry and by the brokers. */
  seen(): Promise<Seen>;
}

export interface RotateOptions extends Scene {
  readonly mesh: RunningMesh;
  readonly pause: (ms: number) => Promise<void>;
  /** Runs a change of the trust folder while nobody else makes one. */
  readonly alone: (change: () => Promise<void>) => Promise<void>;
  /** How long to wait for instances that do not renew. */
  readonly patienceMs: number;
  /** Then go on without them, for this step. */
  readonly leaveBehind: boolean;
  /** The user's own brokers have been changed as the last step asked. */
  readonly brokersDone: boolean;
  /** A line for each thing that happens. */
  readonly tell: (line: string) => void;
}

/** It does not go on by itself: what is wanted is in the message. The same call later goes on where it was. */
export class RotationWaits extends Error {
  override readonly name = "RotationWaits";
  readonly cure: string;

  constructor(what: string, cure: string) {
    super(what);
    this.cure = cure;
  }
}

const LOOK_EVERY_MS = 200;
/** A wish may be lost when the registry starts anew. */
const ASK_AGAIN_EVERY_MS = 10_000;
const MOST_NAMED = 20;

/**
 * Makes a rotation from where it is to its end. May be ended anywhere, and called again.
 * @throws RotationWaits when it cannot go on by itself, SecretFileError, OperatorAwayError
 */
export async function rotate(kind: RotationKind, options: RotateOptions): Promise<void> {
  const { stateDir, now, tell } = options;
  const steps = STEPS[kind];
  let rotation = begun(kind, options);
  const keep = (change: Partial<Rotation>) => {
    rotation = { ...rotation, ...change };
    writeRotation(stateDir, rotation);
  };
  let { brokersDone } = options;
  for (const [i, step] of steps.entries()) {
    if (i < rotation.step) continue;
    const say = (text: string) => tell(`${i + 1}/${steps.length}  ${step.name}: ${text}`);
    say(step.says);
    if (rotation.takenUpAt === undefined) {
      await options.alone(async () => step.change(options));
      if (step.takeUp) await takeUp(step, options, rotation, keep);
      // The next whole second: of a JWT one can tell no more than the second it was issued in.
      keep({ takenUpAt: Math.ceil(now() / 1000) * 1000 });
    }
    if (step.takeUp?.brokers && options.mesh.ownBrokers && !rotation.brokersDone) {
      if (!(rotation.brokersAsked && brokersDone)) {
        keep({ brokersAsked: true });
        throw wantsBrokers(step.takeUp.brokers, kind);
      }
      brokersDone = false; // his word is for one step
      keep({ brokersDone: true });
    }
    if (step.renewAll) await renewAll(step.renewAll, rotation.takenUpAt!, options, say);
    openAudit(stateDir).append({ event: "rotation", kind, step: step.name });
    const { takenUpAt: _, brokersAsked: __, brokersDone: ___, ...rest } = rotation;
    rotation = rest;
    keep({ step: i + 1 });
  }
  keep({ endedAt: now() });
}

/** The one under way, or a new one. */
function begun(kind: RotationKind, { stateDir, now }: RotateOptions): Rotation {
  const last = readRotation(stateDir);
  if (last !== undefined && last.endedAt === undefined) {
    if (last.kind === kind) return last;
    // Before its first step is done nothing that is in force was touched.
    if (last.step > 0)
      throw new RotationWaits(
        `a rotation of ${last.kind} is under way, at step ${last.step + 1} of ${STEPS[last.kind].length}`,
        `bring it to its end first: weft rotate ${last.kind}`,
      );
  }
  const rotation = { kind, step: 0, startedAt: now(), round: last?.round ?? 0 };
  writeRotation(stateDir, rotation);
  return rotation;
}

async function takeUp(
  step: Step,
  { mesh }: RotateOptions,
  { round }: Rotation,
  keep: (change: Partial<Rotation>) => void,
): Promise<void> {
  // Brokers that know the account's new JWT before their files say so lose nobody.
  if (step.tellAccount) await mesh.tellAccount();
  keep({ round: round + 1 });
  await mesh.takeUp(round + 1);
}

async function renewAll(
  { leftBehind }: NonNullable<Step["renewAll"]>,
  since: number,
  { stateDir, mesh, now, pause, patienceMs, leaveBehind }: RotateOptions,
  say: (text: string) => void,
): Promise<void> {
  const ledger = openLedger(stateDir);
  await pause(Math.max(0, since - now()));
  const startedAt = now();
  let askedAt = Number.NEGATIVE_INFINITY;
  let told = -1;
  for (;;) {
    const late = stragglers(ledger.list(now()), since, await mesh.seen(), now());
    if (late.length !== told)
      say(late.length === 0 ? "every instance has renewed" : `${late.length} instances have yet to renew`);
    told = late.length;
    if (late.length === 0) return;
    if (now() - askedAt >= ASK_AGAIN_EVERY_MS) {
      await mesh.askRenewal(since).catch((error: Error) => {
        // Who goes on without them anyway does not need the registry for it.
        if (!leaveBehind) throw error;
      });
      askedAt = now();
    }
    if (now() - startedAt >= patienceMs) {
      const names = `${late.slice(0, MOST_NAMED).map(nameOf).join(", ")}${late.length > MOST_NAMED ? ", …" : ""}`;
      if (leaveBehind) return say(`goes on without ${names}: ${leftBehind}`);
      throw new RotationWaits(
        `${late.length} instances have not renewed: ${names}`,
        `see to them (or weft revoke them) and run this again, or go on without them with --leave-behind: ${leftBehind}`,
      );
    }
    await pause(LOOK_EVERY_MS);
  }
}

function wantsBrokers(what: "reload" | "restart", kind: RotationKind): RotationWaits {
  const [asked, cure] =
    what === "reload"
      ? [
          "your brokers have to read their certificates anew",
          "copy broker/*.crt of the state folder to where each broker has them, and run nats-server --signal reload there",
        ]
      : [
          "your brokers have to start with the new operator",
          "give each what weft broker config prints now, and start them again, one after the other",
        ];
  return new RotationWaits(asked, `${cure}; then: weft rotate ${kind} --continue`);
}
