import { rmSync } from "node:fs";
import { join } from "node:path";
import { readSecret, writeSecret } from "../../identity/keys/secret-files.ts";
import { Fault } from "../fault.ts";
import { isRunning, type ProcessMark } from "../process-mark.ts";

/** How far the broker and the parts have followed a rotation. */
export interface FollowedTrust {
  /** Of `trust/rotation.json`. */
  readonly round: number;
  /** Why they could not. */
  readonly problem?: string;
}

/** What runs from a state folder, as `up.json` tells the other verbs. */
export interface UpRecord {
  /** The process of `weft up`. */
  readonly up: ProcessMark;
  readonly startedAt: string;
  readonly mesh: string;
  /** `pid` and `config` only for a broker that is ours. */
  readonly trust: FollowedTrust;
  readonly broker: {
    /** It is the user's, who changes its files and starts it. */
    readonly external?: true;
    readonly urls: readonly string[];
    readonly version: string;
    readonly pid?: number;
    readonly config?: string;
  };
  readonly authority: { readonly url: string; readonly pin: string; readonly pid: number };
  readonly registry: { readonly url: string; readonly pid: number };
  readonly dashboard?: { readonly url: string; readonly pid: number };
}

const fileIn = (stateDir: string): string => join(stateDir, "up.json");

export const writeUp = (stateDir: string, record: UpRecord): void =>
  writeSecret(fileIn(stateDir), `${JSON.stringify(record, null, 2)}\n`);

export const removeUp = (stateDir: string): void => rmSync(fileIn(stateDir), { force: true });

/** @returns undefined when no `weft up` runs from this folder; what a killed one left behind does not count */
export function readUp(stateDir: string): UpRecord | undefined {
  const text = readSecret(fileIn(stateDir));
  if (text === undefined) return undefined;
  let record: UpRecord;
  try {
    record = JSON.parse(text) as UpRecord;
  } catch {
    throw new Fault(`${fileIn(stateDir)} is damaged`, "remove it, and start weft up once more");
  }
  return isRunning(record.up) ? record : undefined;
}

/** As credentials want it: a broker with TLS without a scheme, one without as `nats://…`. */
export const bareAddress = (url: string): string => url.replace(/^tls:\/\//, "");

/** @param otherwise what else may be done, such as `give --registry URL` */
export function needUp(stateDir: string, otherwise: string): UpRecord {
  const record = readUp(stateDir);
  if (record) return record;
  throw new Fault(
    `no mesh runs from the state folder ${stateDir}`,
    `start one with weft up, give the folder of one that runs with --state DIR, or ${otherwise}`,
  );
}
