import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { freePort } from "../../broker/ports.ts";
import { archiveEnding, archiveStem, type Release } from "../../broker/release.ts";
import { scriptedServer } from "./scripted-server.ts";

export const closedPort = (): Promise<number> => freePort();

/** A loopback stand-in for the place where nats-server's releases are published. */
export async function releaseServer(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export type Archive = { name: string; bytes: Buffer; sha256: string };

/** A release's archive for this platform, with a scripted nats-server in it. */
export function archiveOf(folder: string, version: string, lines = `echo nats-server: v${version}`): Archive {
  const stem = archiveStem(version)!;
  scriptedServer(join(folder, stem), lines);
  const name = stem + archiveEnding();
  execFileSync("tar", ["-czf", name, stem], { cwd: folder });
  const bytes = readFileSync(join(folder, name));
  return { name, bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

export const release = (
  baseUrl: string,
  version: string,
  checksums: Record<string, string> = {},
): Release => ({
  version,
  baseUrl,
  checksums,
});
