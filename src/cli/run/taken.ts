import { type AppAddress, tcpCheck } from "../../../sidecar/life/health.ts";

/** Whether something accepts connections there. */
export const isTaken = async (address: AppAddress): Promise<boolean> =>
  (await tcpCheck(address)()) === undefined;
