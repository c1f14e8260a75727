import { locateServer } from "../../broker/locate.ts";
import { freePort, listensOn, type Started, startProgram } from "../processes.ts";

/** A nats-server with nothing switched on: no TLS, no users. */
export async function startPlainBroker(folder: string, name: string): Promise<Started & { port: number }> {
  const { path } = await locateServer();
  const port = await freePort();
  const command = [path, "-a", "127.0.0.1", "-p", String(port)];
  return { ...(await startProgram("broker", command, { ready: listensOn(port), folder, name })), port };
}
