import { rmSync } from "node:fs";
import { join } from "node:path";
import { dropDrafts, makeWhole, newCas } from "../make-roots.ts";
import { loadRoots } from "../roots.ts";
import { changeTrust, generationOf, nextFolder, previousFolder, trustNow } from "../trust-now.ts";
import type { Scene, Step } from "./step.ts";

/*
 * A new root, intermediate and routes CA, beside the old ones: first everybody trusts both, then everything is issued
 * by the new, then nobody trusts the old (NIST SP 800-57 part 1 section 5.3.4 has the periods overlap).
 */

/** The two folders, whichever is in force: the order of their numbers is the order of their making. */
function folders(stateDir: string): { old: string; next: string } {
  const { ca, trusted } = trustNow(stateDir);
  const old = trusted.find((name) => nextFolder(name) === ca) ?? ca;
  return { old, next: nextFolder(old) };
}

export const caSteps: readonly Step[] = [
  {
    name: "make",
    says: "a new root, a new intermediate and a new CA for routes",
    async change({ stateDir, now }: Scene) {
      const draft = join(stateDir, "trust", "draft-");
      dropDrafts(draft);
      const { next } = folders(stateDir);
      const { mesh } = loadRoots(stateDir);
      makeWhole(join(stateDir, "trust", next), draft, await newCas(mesh, generationOf(next), now()));
    },
  },
  {
    name: "trust both",
    says: "brokers, parts and instances trust the old root and the new one",
    change({ stateDir }) {
      const { old, next } = folders(stateDir);
      changeTrust(stateDir, { ca: old, trusted: [old, next] });
    },
    takeUp: { brokers: "reload" },
    renewAll: { leftBehind: "they will not trust what comes next, and need a new token" },
  },
  {
    name: "issue",
    says: "all certificates are issued anew, under the new root",
    change({ stateDir }) {
      const { old, next } = folders(stateDir);
      changeTrust(stateDir, { ca: next, trusted: [next, old] });
    },
    takeUp: { brokers: "reload" },
    renewAll: { leftBehind: "their certificates are refused from then on, and they need a new token" },
  },
  {
    name: "drop",
    says: "nobody trusts the old root any more",
    change({ stateDir }) {
      const { ca } = trustNow(stateDir);
      changeTrust(stateDir, { trusted: [ca] });
    },
    takeUp: { brokers: "reload" },
    renewAll: { leftBehind: "they trust the old root until they renew, within half an hour" },
  },
  {
    name: "remove",
    says: "the old CAs and their keys are removed",
    change({ stateDir }) {
      const old = previousFolder(trustNow(stateDir).ca);
      rmSync(join(stateDir, "trust", old), { recursive: true, force: true });
    },
  },
];
