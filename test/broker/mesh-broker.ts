import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext } from "node:test";
import type { NatsConnection } from "nats";
import { type Broker, type BrokerOptions, startBroker } from "../../broker/process.ts";
import { openConnection } from "../../src/bus/connection.ts";
import { folderCredentials } from "../../src/identity/keys/folder-credentials.ts";
import type { PartName } from "../../src/identity/keys/spiffe-id.ts";
import { bootstrap } from "../../src/identity/trust/bootstrap.ts";
import { partFolder } from "../../src/identity/trust/parts.ts";
import { removeFolder, stateFolder } from "../support/state.ts";

/** Made once for each test process: it costs a tenth of a second, and no test here changes it. */
const made = bootstrap(mkdtempSync(join(tmpdir(), "weft-test-trust-")));
after(async () => removeFolder((await made).stateDir));

/** The trust of a mesh, with the broker settings that go with it and a folder of the test's own. */
export async function meshTrust(t: TestContext) {
  const trust = await made;
  const connect = async (name: PartName, urls: readonly string[]): Promise<NatsConnection> => {
    const nc = await openConnection(folderCredentials(partFolder(trust.stateDir, name), urls), name);
    t.after(() => nc.close());
    return nc;
  };
  return { folder: stateFolder(t), trust, connect, settings: { trust, tls: trust.tls } };
}

/** Starts a broker that ends with the test. Without settings anybody may connect. */
export async function started(
  t: TestContext,
  options: Partial<BrokerOptions> & { server: string },
): Promise<Broker & { folder: string }> {
  const folder = options.folder ?? join(stateFolder(t), "broker");
  const config = { serverName: "weft-test", host: "127.0.0.1", port: 0, ...options.config };
  const broker = await startBroker({ ...options, folder, config });
  t.after(() => broker.stop());
  return { ...broker, folder };
}
