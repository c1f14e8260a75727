import assert from "node:assert/strict";
import { test } from "node:test";
import { compareVersions, parseVersion, supportedVersionOf, versionOf } from "../../broker/version.ts";
import { natsServers } from "../support/servers.ts";
import { stateFolder } from "../support/state.ts";
import { scriptedServer } from "./scripted-server.ts";

test("a server's version is read as it prints it", () => {
  assert.equal(parseVersion("nats-server: v2.9.10\n"), "2.9.10");
  assert.equal(parseVersion("nats-server: v2.15.0-RC.2\n"), "2.15.0-RC.2");
  assert.equal(parseVersion("nats-streaming-server version 0.25\n"), undefined);
});

test("versions are ordered by number, not by text", () => {
  const shuffled = ["2.10.0", "2.9.10", "2.9.9", "2.15.1", "2.9.10-RC.1"];
  assert.deepEqual(shuffled.sort(compareVersions).slice(0, 1), ["2.9.9"]);
  assert.equal(compareVersions("2.10.0", "2.9.99") > 0, true);
  assert.equal(compareVersions("2.15.0-RC.1", "2.15.0"), 0);
});

for (const server of natsServers()) {
  test(`nats-server ${server.label} is recognised and new enough`, async () => {
    assert.equal(await supportedVersionOf(server.path), server.label);
  });
}

test("what is no nats-server, too old, or not executable is refused with the reason", async (t) => {
  const folder = stateFolder(t);
  await assert.rejects(
    versionOf(scriptedServer(folder, "echo hello")),
    /is no nats-server: it answered "hello\\n"/,
  );
  await assert.rejects(versionOf(scriptedServer(folder, "exit 3")), /it ended with code 3/);
  await assert.rejects(versionOf(`${folder}/absent`), /there is no such file/);
  await assert.rejects(versionOf(scriptedServer(folder, "", 0o644)), /chmod \+x/);
  const old = scriptedServer(folder, "echo nats-server: v2.8.4");
  await assert.rejects(supportedVersionOf(old), /is version 2\.8\.4: Weft needs 2\.9\.0 or newer/);
});
