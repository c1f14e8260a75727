import type { PolicyFigures } from "../policy/measure-policy.ts";

export const policyTitle = ({ routes, services, rounds }: PolicyFigures): string =>
  `policy: ${routes.toLocaleString("en-US")} routes over ${services} services${rounds > 1 ? `, ${rounds} times` : ""}`;

/** Each figure of policy: what it is, and how much. */
export function policyLines(figures: PolicyFigures): [what: string, value: string][] {
  const { applyMs, actsAfterMs, storedBytes, called, known, growthMiB } = figures;
  return [
    ["weft apply, as a user waits for it", `${(applyMs / 1000).toFixed(2)} s`],
    ["from its end until a route acts", `${Math.round(actsAfterMs)} ms`],
    ["stored by the registry", `${(storedBytes / 1024).toFixed(1)} KiB`],
    [`services that a sidecar knows routes of, when it calls ${called}`, String(known)],
    ["that sidecar grew by", growthMiB === undefined ? "-" : `${Math.round(growthMiB * 10) / 10 || 0} MiB`],
  ];
}
