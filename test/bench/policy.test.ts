import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { ROUTE } from "../../bench/paths/mesh-route.ts";
import { writeRoutes } from "../../bench/policy/many-routes.ts";
import { measurePolicy } from "../../bench/policy/measure-policy.ts";
import { startUpstream } from "../../bench/upstream/upstream.ts";
import { readResource } from "../../src/resources/read.ts";
import { PROGRAM } from "../support/program.ts";
import { removeFolder } from "../support/state.ts";

const weft = [process.execPath, PROGRAM];

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "weft-test-bench-"));
  t.after(() => removeFolder(folder));
  return folder;
}

test("the routes that are applied are good ones: a file for each service, several routes in each", (t) => {
  const routes = writeRoutes(temporaryFolder(t), { services: 4, routesEach: 3 });
  const files = readdirSync(routes);
  assert.equal(files.length, 4);
  const values = files.flatMap((file) =>
    parseAllDocuments(readFileSync(join(routes, file), "utf8")).map((document) => document.toJS()),
  );
  assert.deepEqual(
    values.flatMap((value, i) => readResource(value, i).findings),
    [],
  );
  assert.equal(new Set(values.map(({ metadata }) => metadata.name)).size, 12);
  const services = values.map(({ spec }) => spec.parentRefs[0].name);
  assert.deepEqual([...new Set(services)].sort(), ["svc-000", "svc-001", "svc-002", "svc-003"]);
});

test("the route of the path with a route is a good one of ten rules", () => {
  const { resource, findings } = readResource(parse(ROUTE), 0);
  assert.deepEqual(findings, []);
  assert.ok(resource?.kind === "HTTPRoute");
  assert.equal(resource.spec.rules.length, 10);
});

test("much policy is applied to a real mesh, and a sidecar learns of the services alone that it calls", async (t) => {
  const folder = temporaryFolder(t);
  const self = [...weft, "bench"];
  const upstream = await startUpstream(self, folder, []);
  t.after(upstream.stop);
  const size = { services: 6, routesEach: 2, rounds: 2 };
  const figures = await measurePolicy({ self, weft, folder, upstream }, size);
  assert.deepEqual([figures.routes, figures.services, figures.rounds], [12, 6, 2]);
  assert.deepEqual([figures.called, figures.known], [3, 3]);
  assert.ok(figures.applyMs > 50, `applied in ${figures.applyMs} ms`);
  assert.ok(figures.storedBytes > 200, `${figures.storedBytes} bytes are stored`);
});
