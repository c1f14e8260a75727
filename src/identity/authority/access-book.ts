import { join } from "node:path";
import {
  type Callees,
  calleesOf,
  callersBetween,
  isGuarded,
  OPEN_TABLE,
} from "../../subjects/callee-table.ts";
import { readSecret, SecretFileError, writeSecret } from "../keys/secret-files.ts";
import type { AccessAnswer, AccessReport } from "../wire.ts";

interface Kept extends AccessReport, Omit<AccessAnswer, "taken"> {}

/**
 * A server takes a CONNECT of 64 KiB (`max_control_line`), and the JWT in it is base64: four thirds of this, with the
 * rest of its claims. 700 services of usual names fit, 290 of the longest.
 */
const MOST_BYTES = 40_000;

/**
 * Who may send to whom, as the registry told it last: kept, so that an authority that starts without a registry grants
 * no more than before. The callee's sidecar decides by itself; this is the second lock.
 */
export class AccessBook {
  readonly #file: string;
  #kept: Kept;

  /** @throws SecretFileError when it is damaged: what it said must not be taken for "everybody may" */
  constructor(stateDir: string) {
    this.#file = join(stateDir, "authority", "access.json");
    this.#kept = this.#read();
  }

  /** To whom a service may send. */
  calleesOf(service: string): Callees {
    const callees = calleesOf(service, this.#kept.table);
    const bytes = [...(callees.only ?? []), ...(callees.not ?? [])].reduce(
      // Each becomes `"mesh.<callee>.*.<caller>",`.
      (sum, callee) => sum + callee.length + service.length + 16,
      0,
    );
    return bytes > MOST_BYTES ? {} : callees;
  }

  /** Of the policy that was told last. */
  get revision(): number {
    return this.#kept.revision;
  }

  isGuarded(service: string): boolean {
    return isGuarded(service, this.#kept.table);
  }

  /**
   * Takes what a registry tells, unless it lags behind what was told before.
   * @param now Unix ms
   * @returns whose identities are out of date by the last change, also when it was told before: then who told it may
   * have died before it could pass that on
   */
  take(report: AccessReport, now: number): AccessAnswer {
    const { lineage, revision, table } = this.#kept;
    const isOld = report.lineage === lineage && report.revision < revision;
    if (!isOld && (report.lineage !== lineage || report.revision > revision)) {
      const services = callersBetween(table, report.table);
      const isChange = services === undefined || services.length > 0;
      const wish = isChange
        ? { issuedBefore: now + 1, ...(services === undefined ? {} : { services }) }
        : {
            issuedBefore: this.#kept.issuedBefore,
            ...(this.#kept.services && { services: this.#kept.services }),
          };
      const kept: Kept = { ...report, ...wish };
      writeSecret(this.#file, JSON.stringify(kept));
      this.#kept = kept;
    }
    const { issuedBefore, services } = this.#kept;
    return { taken: !isOld, issuedBefore, ...(services === undefined ? {} : { services }) };
  }

  #read(): Kept {
    const text = readSecret(this.#file);
    if (text === undefined)
      return { lineage: "", revision: 0, table: OPEN_TABLE, issuedBefore: 0, services: [] };
    try {
      return JSON.parse(text) as Kept;
    } catch {
      throw new SecretFileError(
        `${this.#file} is damaged: remove it when a registry runs, which tells it anew within minutes`,
      );
    }
  }
}
