import { auditGaps } from "../../identity/records/audit-gaps.ts";
import { isHalfRevoked } from "../../identity/records/ledger.ts";
import { auditFolder, openLedger } from "../../identity/records/records.ts";
import { verifyAudit } from "../../identity/records/verify-audit.ts";
import { type Expiry, expiries } from "../../identity/trust/expiries.ts";
import { keptElsewhere } from "../../identity/trust/kept-elsewhere.ts";
import { readRotation } from "../../identity/trust/rotation/record.ts";
import { STEPS } from "../../identity/trust/rotation/rotate.ts";
import { nameOf } from "../../identity/trust/rotation/stragglers.ts";
import { age } from "../get/rows.ts";
import { type Check, type Finding, fail, ok, type Scene, warn } from "./check.ts";

const CURES: Readonly<Record<Expiry["kind"], string>> = {
  ca: "weft rotate ca replaces it while the mesh runs",
  certificate: "weft up renews it when half its life is over: does it run, and has it the keys for it?",
  user: "weft up renews it when half its life is over: does it run, and has it the account's seed?",
};

/** CAs, and the certificates and users of the mesh's own parts. */
export const lifetimes: Check = {
  what: "expiry",
  run: ({ state, now, failBeforeMs }) =>
    expiries(state).map(({ kind, name, endsAt }) => {
      const leftMs = endsAt - now;
      const what = kind === "ca" ? `${name} CA` : `${kind} ${name}`;
      const says =
        leftMs > 0 ? `${what} is good for ${age(leftMs)}` : `${what} has ended ${age(-leftMs)} ago`;
      return leftMs <= failBeforeMs ? fail("expiry", says, CURES[kind]) : ok("expiry", says);
    }),
};

/** Of a life: by then a renewal was due long ago. */
const OVERDUE = 0.75;

/** Instances that are there, and do not renew. */
export const identities: Check = {
  what: "identities",
  asks: "registry",
  async run({ state, up, ask, now }) {
    if (up === undefined) return [];
    const { sidecars } = await ask<Sidecars>("/v1/sidecars");
    const there = new Set(sidecars.map(nameOf));
    const living = openLedger(state)
      .list(now)
      .filter((entry) => there.has(nameOf(entry)));
    const lapsing = living.filter(
      ({ issuedAt, jwtExpiresAt }) => now > issuedAt + OVERDUE * (jwtExpiresAt - issuedAt),
    );
    if (lapsing.length === 0) return [ok("identities", `${living.length} instances, and all renew`)];
    return lapsing.map((entry): Finding => {
      const says = `${nameOf(entry)} has not renewed for ${age(now - entry.issuedAt)}; it is nobody in ${age(entry.certExpiresAt - now)}`;
      const cure = "its log says why: can it reach the authority?";
      return now >= entry.jwtExpiresAt ? fail("identities", says, cure) : warn("identities", says, cure);
    });
  },
};

interface Sidecars {
  readonly sidecars: readonly { readonly service: string; readonly instance: string }[];
}

/** Instances that are revoked at the authority only. */
export const revocations: Check = {
  what: "revocations",
  run({ state, now }) {
    const half = openLedger(state)
      .list(now)
      .filter((entry) => isHalfRevoked(entry, now));
    if (half.length === 0) return [ok("revocations", "the brokers know of all")];
    return half.map((entry): Finding => {
      const says = `the brokers were not told that ${nameOf(entry)} is revoked: they let it in for ${age(entry.jwtExpiresAt - now)} more`;
      return fail("revocations", says, `weft revoke ${nameOf(entry)}, with --operator-seed FILE`);
    });
  },
};

export const rotation: Check = {
  what: "rotation",
  run({ state, up }: Scene) {
    const last = readRotation(state);
    if (up?.trust.problem !== undefined)
      return [
        fail(
          "rotation",
          `the running mesh could not follow: ${up.trust.problem}`,
          "see to that, and run weft rotate again",
        ),
      ];
    if (last === undefined || last.endedAt !== undefined) return [ok("rotation", "none is under way")];
    const says = `that of ${last.kind} is at step ${last.step + 1} of ${STEPS[last.kind].length}`;
    return [warn("rotation", says, `weft rotate ${last.kind} goes on with it`)];
  },
};

export const audit: Check = {
  what: "audit log",
  run({ state, now }) {
    const { entries, broken } = verifyAudit(auditFolder(state));
    if (broken === undefined) {
      const { cut, untold } = auditGaps(state, now);
      const lacking = [
        ...(cut > 0 ? [`${cut} entries that were written are gone`] : []),
        ...(untold.length > 0 ? [`it does not say how ${untold.map(nameOf).join(", ")} came in`] : []),
      ];
      if (lacking.length === 0) return [ok("audit log", `${entries} entries, and the chain holds`)];
      const cure = "somebody emptied it or cut it: look for a copy, and for who could write there";
      return lacking.map((says) => fail("audit log", says, cure));
    }
    const says = `broken after ${entries} entries, at ${broken.file} line ${broken.line}: ${broken.why}`;
    return [fail("audit log", says, "somebody changed it, or the disk did: compare it with a copy")];
  },
};

export const secrets: Check = {
  what: "secrets",
  run({ state }) {
    const away = keptElsewhere(state);
    const says =
      away.length === 0
        ? "all are on this machine"
        : `kept elsewhere: ${away.map(({ file }) => file).join(", ")}`;
    return [ok("secrets", says)];
  },
};
