import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { freePort } from "../../broker/ports.ts";
import { app, FREE_PORTS, soon, Weft } from "./weft.ts";

const weft = new Weft();
before(async () => {
  await weft.start(["up", ...FREE_PORTS]);
});
after(() => weft.close());

const orders = (version: string) =>
  weft.start([
    "run",
    "orders",
    "--version",
    version,
    "--port",
    "0",
    "--zone",
    "eu-1",
    "--",
    ...app("(q, r) => r.end()"),
  ]);

test("services and instances are listed for people and for programs, and watched", async () => {
  assert.equal((await weft.run(["get", "services"])).stdout, "SERVICE  INSTANCES  VERSIONS  EJECTED BY\n");
  const watch = await weft.spawn(["get", "instances", "--watch"]);
  const services = await weft.spawn(["get", "services", "orders", "-w", "-o", "json"]);
  const one = await orders("1");
  const two = await orders("2");
  await soon(() => watch.stdout().split("\n").length > 2);

  assert.match((await weft.run(["get", "services"])).stdout, /^orders +2 +1,2 +-$/m);
  assert.match(
    (await weft.run(["get", "instances", "orders"])).stdout,
    /^orders +2 +[0-9a-f]{12} +up +- +eu-1 +\d+s +0 +0$/m,
  );
  const listed = JSON.parse((await weft.run(["get", "instances", "-o", "json"])).stdout) as {
    version: string;
  }[];
  assert.deepEqual(listed.map(({ version }) => version).sort(), ["1", "2"]);

  await one.end();
  await two.end();
  await soon(
    () => watch.stdout().match(/gone +orders version=[12] instance=\S+ zone=eu-1 reason=left/g)?.length === 2,
  );
  assert.match(watch.stdout(), /^up +orders version=1 /m);
  const last = await soon(() => {
    const line = services.stdout().trim().split("\n").at(-1)!;
    return line.includes('"instances":0') ? line : undefined;
  });
  assert.equal((JSON.parse(last) as { service: string }).service, "orders");
  await Promise.all([watch.end(), services.end()]);
});

test("what is not there is told", async () => {
  const unknown = await weft.run(["get", "services", "nothing"]);
  assert.deepEqual([unknown.code, /weft get services lists/.test(unknown.stderr)], [1, true]);
  assert.equal((await weft.run(["get", "instances", "nothing"])).code, 1);
  const away = await weft.run(["get", "services", "--registry", `http://127.0.0.1:${await freePort()}`]);
  assert.match(away.stderr, /does not answer \(ECONNREFUSED\)\n +does weft up still run/);
  assert.equal((await weft.run(["get", "services", "--registry", "nonsense"])).code, 2);
});
