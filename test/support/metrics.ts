import { ask } from "./ask.ts";

/** What a sidecar's admin listener shows at /metrics. */
export const metricsOf = async (admin: string): Promise<string> =>
  (await ask(admin, "localhost", "/metrics")).text;

/** The value of the first series of that name that has all these labels. */
export const value = (text: string, name: string, labels: Record<string, string> = {}): number | undefined =>
  values(text, name, labels)[0];

/** All series of that name that have all these labels, added up. */
export const total = (text: string, name: string, labels: Record<string, string> = {}): number =>
  values(text, name, labels).reduce((sum, one) => sum + one, 0);

const values = (text: string, name: string, labels: Record<string, string>): number[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => Object.entries(labels).every(([label, is]) => line.includes(`${label}="${is}"`)))
    .map((line) => Number(line.slice(line.lastIndexOf(" ") + 1)));
