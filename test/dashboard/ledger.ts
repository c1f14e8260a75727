import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const HOUR_MS = 3_600_000;

/** Writes down that an instance was let in an hour's credential ago, as the authority does. */
export function letIn(stateDir: string, service: string, instance: string, { minutesLeft = 50 } = {}): void {
  const folder = join(stateDir, "authority", "identities");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const now = Date.now();
  const jwtExpiresAt = now + minutesLeft * 60_000;
  const entry = {
    ...{ service, instance, version: "1", nkey: "UPUBLIC", admittedBy: "token 1a2b", address: "127.0.0.1" },
    ...{ enrolledAt: now - 5 * HOUR_MS, issuedAt: jwtExpiresAt - HOUR_MS, jwtExpiresAt },
    certExpiresAt: now + 20 * HOUR_MS,
  };
  writeFileSync(join(folder, `${service}.${instance}.json`), JSON.stringify(entry), { mode: 0o600 });
}
