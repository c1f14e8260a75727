import { waitUntil } from "../wait-until.ts";
import { ask } from "./ask.ts";

/**
 * Waits until a call gets through: the sidecars are up, and the app is registered.
 * @param rule what the answer must have in `x-rule`; undefined for nothing
 */
export const answers = (port: number, host: string, rule?: string): Promise<void> =>
  waitUntil("a call through the mesh", async () => {
    const { status, headers, text } = await ask(port, host, "/0");
    if (status !== 200) return `${status} ${text.slice(0, 400)}`;
    return headers["x-rule"] === rule ? undefined : `the rule was ${headers["x-rule"]}, not ${rule}`;
  });
