import { readdirSync } from "node:fs";
import { join } from "node:path";
import { privateFolder, readSecret, SecretFileError, writeSecret } from "../keys/secret-files.ts";

/** What the authority knows of one instance that it let in. Times are Unix ms. */
export interface LedgerEntry {
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  /** Public. */
  readonly nkey: string;
  readonly enrolledAt: number;
  /** When it got what it has now. */
  readonly issuedAt: number;
  readonly jwtExpiresAt: number;
  /** From then on it is nobody, unless it enrols anew. */
  readonly certExpiresAt: number;
  /** What it enrolled with: `token 1a2b…`, for one. */
  readonly admittedBy: string;
  /** Network address that it asked from last. */
  readonly address: string;
  readonly revokedAt?: number;
  /** When all brokers had been told that it is revoked. */
  readonly toldAt?: number;
}

/** Whether brokers may still let it in, although it is revoked: they were not told yet, and its JWT has not ended. */
export const isHalfRevoked = ({ revokedAt, toldAt, jwtExpiresAt }: LedgerEntry, now: number): boolean =>
  revokedAt !== undefined && toldAt === undefined && now < jwtExpiresAt;

/** All instances of a service that were let in until then are revoked. */
interface ServiceEntry {
  readonly revokedAt: number;
}

/** One that has ended is remembered for so long. */
const REMEMBERED_MS = 30 * 86_400_000;

/**
 * Who exists: one file for each instance, `<service>.<instance>.json`, and `<service>.json` for a service that was
 * revoked as a whole. Nothing is kept in memory: the command line may write while the authority runs.
 */
export class Ledger {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = privateFolder(folder);
  }

  find(service: string, instance: string): LedgerEntry | undefined {
    return this.#read<LedgerEntry>(`${service}.${instance}.json`);
  }

  /** In the order of their names; those that ended long ago are left out. @param now Unix ms */
  list(now: number): LedgerEntry[] {
    return this.#of().filter(({ certExpiresAt }) => now < certExpiresAt + REMEMBERED_MS);
  }

  /** Notes what an instance has from now on; that it was revoked stays. */
  issued(entry: LedgerEntry): void {
    this.#write(`${entry.service}.${entry.instance}.json`, entry);
  }

  /** When the service was revoked as a whole; undefined when it never was. */
  serviceRevokedAt(service: string): number | undefined {
    return this.#read<ServiceEntry>(`${service}.json`)?.revokedAt;
  }

  /**
   * Whether an identity is no longer good.
   * @param issuedAt of what it proves itself with, for one that the ledger does not know
   */
  isRevoked(service: string, instance: string, issuedAt: number): boolean {
    const entry = this.find(service, instance);
    if (entry?.revokedAt !== undefined) return true;
    const whole = this.serviceRevokedAt(service);
    return whole !== undefined && (entry?.enrolledAt ?? issuedAt) <= whole;
  }

  /**
   * Whether something that instances of a service were let in with ended along with one of them: whoever had the keys
   * of that one may have it, too.
   */
  isEnded(service: string, admittedBy: string): boolean {
    return this.#of(service).some(
      (entry) => entry.admittedBy === admittedBy && entry.revokedAt !== undefined,
    );
  }

  /** @returns the instances that are revoked by this, or were before, as far as they are known */
  revokeService(service: string, now: number): LedgerEntry[] {
    this.#write(`${service}.json`, { revokedAt: now } satisfies ServiceEntry);
    return this.#of(service).map((entry) => this.#revoke(entry, now));
  }

  /** @returns undefined when no such instance is known */
  revokeInstance(service: string, instance: string, now: number): LedgerEntry | undefined {
    const entry = this.find(service, instance);
    return entry && this.#revoke(entry, now);
  }

  /** Notes that all brokers know that these are revoked. */
  told(entries: readonly LedgerEntry[], now: number): void {
    for (const entry of entries) this.issued({ ...entry, toldAt: now });
  }

  #of(service = ""): LedgerEntry[] {
    return readdirSync(this.#folder)
      .filter(
        (name) => /^[^.]+\.[^.]+\.json$/.test(name) && (service === "" || name.startsWith(`${service}.`)),
      )
      .sort()
      .flatMap((name) => this.#read<LedgerEntry>(name) ?? []);
  }

  #revoke(entry: LedgerEntry, now: number): LedgerEntry {
    if (entry.revokedAt !== undefined) return entry;
    const revoked = { ...entry, revokedAt: now };
    this.issued(revoked);
    return revoked;
  }

  #read<T>(name: string): T | undefined {
    const file = join(this.#folder, name);
    const text = readSecret(file);
    try {
      return text === undefined ? undefined : (JSON.parse(text) as T);
    } catch {
      // Never to be passed over: it may say that somebody was revoked.
      throw new SecretFileError(
        `${file} is damaged: restore it from a copy, or revoke the instance and remove it`,
      );
    }
  }

  #write(name: string, value: object): void {
    writeSecret(join(this.#folder, name), JSON.stringify(value));
  }
}
