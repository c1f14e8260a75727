import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../find-program.ts";
import { httpGenerator } from "../load/http-generator.ts";
import { freePort, listensOn, type Started, startProgram } from "../processes.ts";
import { firstLineOf, type StartPath } from "./path.ts";

/** A proxy that can stand in for a sidecar. */
export interface ProxyKind {
  readonly name: string;
  readonly versionArgs: readonly string[];
  /** The configuration of one process that listens on loopback and passes everything to `targetPort`. */
  render(ports: { listenPort: number; targetPort: number }, folder: string, name: string): string;
  /** How its configuration file is called, and the arguments to start it in the foreground. */
  readonly extension: string;
  args(config: string, folder: string): readonly string[];
}

/** Two processes of a proxy in a row, one thread each: what a pair of sidecars made of it costs. */
export const startProxyPair =
  (proxy: ProxyKind): StartPath =>
  async ({ self, folder, upstream }) => {
    const { name } = proxy;
    const program = findProgram(name);
    if (!program) return { name, reason: `${name} is not installed` };

    const start = async (role: string, targetPort: number): Promise<Started & { port: number }> => {
      const listenPort = await freePort();
      const config = join(folder, `${name}-${role}.${proxy.extension}`);
      writeFileSync(config, proxy.render({ listenPort, targetPort }, folder, `${name}-${role}`));
      const command = [program, ...proxy.args(config, folder)];
      const started = await startProgram(role, command, {
        ready: listensOn(listenPort),
        folder,
        name: `${name}-${role}`,
      });
      return { ...started, port: listenPort };
    };
    const inbound = await start("inbound", upstream.port);
    const outbound = await start("outbound", inbound.port).catch(async (error) => {
      await inbound.stop();
      throw error;
    });
    const version = /\d+\.\d+(\.\d+)?/.exec(await firstLineOf(program, proxy.versionArgs))?.[0] ?? "";
    return {
      name,
      title: `two ${name} ${version} in a row`,
      processes: [outbound, inbound],
      generate: httpGenerator(self, folder, { port: outbound.port, host: "echo.mesh" }),
      stop: async () => void (await Promise.all([outbound.stop(), inbound.stop()])),
    };
  };
