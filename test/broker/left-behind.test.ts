import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readInfo } from "../../broker/info.ts";
import { pruneLogs } from "../../broker/log.ts";
import type { BrokerEvent } from "../../broker/process.ts";
import { natsServers, newestServer } from "../support/servers.ts";
import { stateFolder } from "../support/state.ts";
import { until } from "../support/until.ts";
import { started } from "./mesh-broker.ts";

const PROCESS = new URL("../../broker/process.ts", import.meta.url).pathname;

/** Another Weft, which starts a broker in `folder` and says its port and pid. */
async function otherWeft(t: TestContext, server: string, folder: string) {
  const program = `
    const { startBroker } = await import(${JSON.stringify(PROCESS)});
    const config = { serverName: "other", host: "127.0.0.1", port: 0 };
    const broker = await startBroker({ server: ${JSON.stringify(server)}, folder: ${JSON.stringify(folder)}, config });
    console.log(JSON.stringify({ port: broker.port, pid: broker.pid() }));`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  let said = "";
  child.stdout.on("data", (text) => {
    said += text;
  });
  await until(() => said.endsWith("\n"), { withinMs: 15_000, what: "the other Weft's broker" });
  return { child, ...(JSON.parse(said) as { port: number; pid: number }) };
}

const listens = (port: number): Promise<boolean> =>
  readInfo("127.0.0.1", port, 500).then(Boolean, () => false);

for (const server of natsServers()) {
  test(`a broker ${server.label} does not outlive a Weft that was killed`, async (t) => {
    const folder = stateFolder(t);
    const other = await otherWeft(t, server.path, folder);
    other.child.kill("SIGKILL");
    await once(other.child, "exit");
    // At once where the kernel can be asked to (setpriv), else when the next one starts here.
    const broker = await started(t, { server: server.path, folder });
    await until(async () => !(await listens(other.port)));
    assert.equal(await listens(broker.port), true);
  });
}

test("a broker that was left behind is stopped by the next start, which says so", async (t) => {
  const folder = stateFolder(t);
  const first = await started(t, { server: newestServer().path, folder, patience: { crashes: 1 } });
  // As if this process had inherited nothing: another process looked after it, and is gone.
  const record = join(folder, "nats-server.pid");
  writeFileSync(record, readFileSync(record, "utf8").replace(/"supervisor":\d+/, '"supervisor":1'));
  const events: BrokerEvent[] = [];
  const second = await started(t, {
    server: newestServer().path,
    folder,
    onEvent: (event) => events.push(event),
  });
  assert.deepEqual(events, [{ kind: "stopped-left-behind", pid: first.pid() }]);
  assert.equal(await listens(second.port), true);
});

test("a folder whose broker is looked after is not taken over", async (t) => {
  const folder = stateFolder(t);
  const other = await otherWeft(t, newestServer().path, folder);
  await assert.rejects(started(t, { server: newestServer().path, folder }), {
    name: "BrokerError",
    message: new RegExp(`in use: process ${other.child.pid} runs a nats-server \\(${other.pid}\\)`),
  });
  assert.equal(await listens(other.port), true);
});

test("a pid that now belongs to another program is left alone", async (t) => {
  const folder = stateFolder(t);
  const bystander = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  t.after(() => bystander.kill("SIGKILL"));
  writeFileSync(join(folder, "nats-server.pid"), JSON.stringify({ pid: bystander.pid, supervisor: 1 }));
  await started(t, { server: newestServer().path, folder });
  assert.equal(bystander.signalCode, null);
});

test("only the newest rotated logs are kept", (t) => {
  const folder = stateFolder(t);
  const log = join(folder, "nats-server.log");
  const times = ["2026.11.20", "2026.11.21", "2026.11.22", "2026.11.23"];
  for (const name of [log, ...times.map((time) => `${log}.${time}.10.00.00`)]) writeFileSync(name, "");
  pruneLogs(log);
  assert.throws(() => readFileSync(`${log}.2026.11.20.10.00.00`));
  for (const time of times.slice(1)) assert.equal(readFileSync(`${log}.${time}.10.00.00`, "utf8"), "");
});
