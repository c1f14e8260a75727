import { delimiter } from "node:path";
import { cacheFolder } from "../../broker/cache.ts";
import { searchFolders, usableServers } from "../../broker/candidates.ts";
import { locateServer } from "../../broker/locate.ts";
import { compareVersions, versionOf } from "../../broker/version.ts";

export type TestServer = {
  /** The version it gives itself, to name tests by. */
  label: string;
  path: string;
};

/**
 * The nats-servers that integration tests run against: those named in `WEFT_NATS_SERVERS` (separated like `PATH`),
 * else the oldest and the newest on this machine. At least one; it is looked up once for each test process.
 */
export function natsServers(): readonly TestServer[] {
  return found;
}

/** For tests in which the version does not matter. */
export const newestServer = (): TestServer => found.at(-1)!;

const found = await look();

async function look(): Promise<TestServer[]> {
  const paths = process.env.WEFT_NATS_SERVERS?.split(delimiter).filter((path) => path !== "") ?? [];
  const servers = paths.length > 0 ? await Promise.all(paths.map(label)) : await onThisMachine();
  const byAge = distinct(servers).sort((a, b) => compareVersions(a.label, b.label));
  return paths.length > 0 || byAge.length < 3 ? byAge : [byAge[0]!, byAge.at(-1)!];
}

async function onThisMachine(): Promise<TestServer[]> {
  const first = await locateServer();
  const servers = [{ label: first.version, path: first.path }];
  for await (const { version, path } of usableServers(searchFolders(process.env), cacheFolder(), () => {}))
    servers.push({ label: version, path });
  return servers;
}

async function label(path: string): Promise<TestServer> {
  return { label: await versionOf(path), path };
}

function distinct(servers: readonly TestServer[]): TestServer[] {
  return servers.filter((server, i) => servers.findIndex((other) => other.label === server.label) === i);
}
