import { join } from "node:path";
import { readSecret, SecretFileError, writeSecret } from "../../keys/secret-files.ts";

export const ROTATION_KINDS = ["ca", "signing-key", "operator"] as const;
export type RotationKind = (typeof ROTATION_KINDS)[number];

/** How far a rotation has come, so that one that was cut off goes on where it was. Times are Unix ms. */
export interface Rotation {
  readonly kind: RotationKind;
  /** From 0; as many as there are when all are done. */
  readonly step: number;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** Grows with each request to the running mesh to take up what has changed; never goes back. */
  readonly round: number;
  /** The running mesh has taken up the present step, and what it issued since is new. */
  readonly takenUpAt?: number;
  /** The operator of brokers of his own was asked to change them, for the present step. */
  readonly brokersAsked?: true;
  /** … and has said that it is done. */
  readonly brokersDone?: true;
}

export const rotationFile = (stateDir: string): string => join(stateDir, "trust", "rotation.json");

/** @returns the one under way, or the last one; undefined when there never was one */
export function readRotation(stateDir: string): Rotation | undefined {
  const text = readSecret(rotationFile(stateDir));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Rotation;
  } catch {
    throw new SecretFileError(`${rotationFile(stateDir)} is damaged: restore it from a copy`);
  }
}

export const writeRotation = (stateDir: string, rotation: Rotation): void =>
  writeSecret(rotationFile(stateDir), JSON.stringify(rotation));
