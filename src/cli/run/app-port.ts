import { type AppAddress, tcpCheck } from "../../../sidecar/life/health.ts";
import { Fault } from "../fault.ts";

/** Below the ports that systems hand out by themselves (32768 and up on Linux, 49152 elsewhere: RFC 6335 §6). */
const FIRST = 20_000;
const COUNT = 10_000;
const TRIES = 20;

/** Whether something accepts connections there. */
export const isTaken = async (address: AppAddress): Promise<boolean> =>
  (await tcpCheck(address)()) === undefined;

/**
 * A free port for an app that starts in a moment. Not one that the system hands out: until the app binds it, any other
 * listener may be given the same, and would be taken for the app.
 */
export async function appPort(host: string): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (!(await isTaken({ host, port }))) return port;
  }
  throw new Fault(`no port from ${FIRST} to ${FIRST + COUNT} is free`, "give one with --port");
}
