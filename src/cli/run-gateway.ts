import { join } from "node:path";
import { CertificateError } from "../../sidecar/gateway/certificates.ts";
import type { GatewayOptions } from "../../sidecar/gateway/options.ts";
import { Fault } from "./fault.ts";
import { untilTold } from "./run-sidecar.ts";
import { type Member, startMember } from "./start-member.ts";
import { sayOnStderr } from "./terminal.ts";
import type { GatewayVerbOptions } from "./verbs/gateway.ts";

/** Runs a gateway until a signal comes. */
export async function runGateway(
  name: string,
  flags: GatewayVerbOptions,
  gateway: GatewayOptions,
): Promise<void> {
  const say = sayOnStderr("weft", flags.logFormat);
  const folder = flags.identity ?? keptBeside(name, flags.state, gateway);
  const member = await start(name, flags, { app: undefined, folder, say, accessLog: "stdout", gateway });
  const { https, http } = member.sidecar.gateway ?? {};
  const { admin } = member.sidecar;
  const ready = {
    gateway: name,
    instance: member.membership.identity.instance,
    ...(https && { https: `https://${https}` }),
    ...(http && { http: `http://${http}` }),
    ...(admin && { admin: `http://${admin}` }),
  };
  const words = Object.entries(ready).map(([key, value]) => `${key}=${value}`);
  const line =
    flags.output === "json" ? JSON.stringify({ ready: true, ...ready }) : `ready ${words.join(" ")}`;
  await untilTold(name, member, line, flags.drain, say);
}

async function start(...[name, flags, options]: Parameters<typeof startMember>): Promise<Member> {
  try {
    return await startMember(name, flags, options);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new Fault(error.message, "mend the files of --cert and --key");
  }
}

/** As for a sidecar, the port tells two gateways on one machine apart. */
function keptBeside(name: string, state: string, { https, http }: GatewayOptions): string | undefined {
  const port = (https ?? http)!.port;
  return port === 0 ? undefined : join(state, "sidecars", `${name}-${port}`);
}
