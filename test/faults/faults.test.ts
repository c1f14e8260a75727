import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Known } from "../../src/dashboard/pages/model/wrong.ts";
import { whatIsWrong } from "../../src/dashboard/pages/model/wrong.ts";
import { closeBrowser, skip as noBrowser, openPage } from "../dashboard/browser.ts";
import { ask } from "../support/ask.ts";
import { skip as noPrometheus, type Prometheus, startPrometheus } from "../support/prometheus.ts";
import { until } from "../support/until.ts";
import { type FaultyMesh, faultyMesh } from "./broken-mesh.ts";

/** Silence takes 6 s to be believed, reports come every 5 s, and the machine may be busy. */
const WITHIN_MS = 40_000;

test("a slow version, a dead instance, a denied caller, a credential near its end and a cut link are found from each side alone", async (t) => {
  const mesh = await faultyMesh(t);
  const prometheus = noPrometheus ? undefined : await watched(t, mesh);

  await t.test("while the mesh is well, nobody raises anything", async () => {
    await until(async () => (await known(mesh)).graph?.edges.length === 5, {
      ...{ what: "all edges to be reported", withinMs: WITHIN_MS },
    });
    const { code, stdout } = await mesh.weft.run(["check"]);
    assert.deepEqual([code, lines(stdout).filter((line) => !line.startsWith("ok"))], [0, []]);
    assert.deepEqual(whatIsWrong(await known(mesh), Date.now()), []);
    await until(
      async () => (await prometheus?.ask("sum(rate(weft_client_requests_total[15s])) > 0"))?.length !== 0,
      {
        ...{ what: "Prometheus to know the calls", withinMs: WITHIN_MS },
      },
    );
    assert.deepEqual((await prometheus?.firing()) ?? [], []);
  });

  await mesh.breakAll();
  const wrongs = [
    /^orders: Version 2 is slow: half of its calls take more than [67]\d\d ms, of version 1 more than \S+ ms\.$/m,
    /^stock v1: Instance \w+ is silent for \d+ s: it died, or is cut off from the broker\.$/m,
    /^spy → payments: \S+ % of these calls fail, mostly denied .*; payments itself is well\.$/m,
    /^mailer: The credential of instance \w+ ends in (?:9|10) min and was not renewed: is the authority up\?$/m,
    /^catalog v1: Instance \w+ is silent for \d+ s: it died, or is cut off from the broker\.$/m,
  ];

  await t.test("from what the dashboard is told", async () => {
    const told = async () =>
      whatIsWrong(await known(mesh), Date.now())
        .map(({ subject, sentence }) => `${subject}: ${sentence}`)
        .join("\n");
    let last = "";
    await until(
      async () => {
        last = await told();
        return wrongs.every((wrong) => wrong.test(last));
      },
      { what: "all five to be told", withinMs: WITHIN_MS },
    ).catch((error) => assert.fail(`${error.message}\n${last}`));
  });

  await t.test("from the dashboard itself, in a browser", { skip: noBrowser }, async (t) => {
    t.after(closeBrowser);
    const page = await openPage(t);
    await page.goto(mesh.dashboard);
    for (const [subject, says] of [
      ["orders", /Version 2 is slow/],
      ["stock", /is silent/],
      ["spy → payments", /mostly denied/],
      ["mailer", /was not renewed/],
      ["catalog", /cut off from the broker/],
    ] as const)
      await page.locator(".wrongs li", { hasText: subject }).filter({ hasText: says }).first().waitFor();
  });

  await t.test("from the command line", async () => {
    const shows = async (...args: string[]) => (await mesh.weft.run(args)).stdout;
    const id = "denied-1";
    const { status } = await ask(mesh.spy, "payments.mesh", "/", { headers: { "x-request-id": id } });
    assert.equal(status, 403);
    // Sidecars have half a second to answer, and are all in this process.
    const explained = await until(() => shows("explain", id), { what: "the call", withinMs: WITHIN_MS });
    const [stat, instances, edges, check, identities, byInstance] = await Promise.all([
      shows("stat", "orders"),
      shows("get", "instances"),
      shows("edges", "payments"),
      shows("check"),
      shows("identities", "mailer"),
      shows("stat", "mailer", "--by", "instance"),
    ]);
    assert.match(stat, /^to orders +1 +\S+\/s +100\.0 % +\d{1,2}(?:\.\d)? ms /m);
    assert.match(stat, /^to orders +2 +\S+\/s +100\.0 % +[67]\d\d ms /m);
    assert.deepEqual(
      lines(instances)
        .flatMap((line) => /^(\w+) .* silent /.exec(line)?.[1] ?? [])
        .sort(),
      ["catalog", "stock"],
    );
    assert.match(edges, /^spy +payments +.* denied \d+$/m);
    assert.match(explained, /denied/);
    assert.match(check, /^warn +instances +stock\/\w+ is silent for \d+s\n +it died, or is cut off/m);
    assert.match(check, /^warn +instances +catalog\/\w+ is silent for \d+s$/m);
    assert.match(check, /^warn +identities +mailer\/\w+ has not renewed for 50m\d+s/m);
    assert.match(identities, /^mailer .* 50m\d+s ago /m);
    assert.match(byInstance, /^\w+ .* 9m\d+s +23h\d+m$/m);
    // Which of the silent ones is cut off, its own sidecar says.
    assert.match((await ask(mesh.catalogAdmin, "localhost", "/ready")).text, /the broker is away/);
  });

  await t.test("from Prometheus, by the alerts that fire", { skip: noPrometheus }, async () => {
    const wanted = [
      { alertname: "WeftVersionSlow", weft_callee: "orders", weft_version: "2" },
      { alertname: "WeftInstanceSilent", weft_service: "stock", weft_version: "1" },
      { alertname: "WeftDenied", weft_caller: "spy", weft_callee: "payments" },
      { alertname: "WeftCredentialEnds", weft_service: "mailer", kind: "jwt" },
      { alertname: "WeftSidecarCutOff", instance: mesh.catalogAdmin },
    ];
    let firing: readonly Readonly<Record<string, string>>[] = [];
    const fires = (labels: object) =>
      firing.some((one) => Object.entries(labels).every(([label, value]) => one[label] === value));
    await until(
      async () => {
        firing = await prometheus!.firing();
        return wanted.every(fires);
      },
      { what: "all five alerts to fire", withinMs: WITHIN_MS },
    ).catch((error) => assert.fail(`${error.message}\n${JSON.stringify(firing, null, 1)}`));
  });
});

const lines = (text: string): string[] => text.trim().split("\n");

/** A Prometheus with what `weft grafana` writes for this mesh. */
async function watched(t: TestContext, { weft, admins }: FaultyMesh): Promise<Prometheus> {
  const sidecars = admins.flatMap((admin) => ["--sidecar", admin]);
  const { code, stderr } = await weft.run(["grafana", "--out", "observe", ...sidecars]);
  assert.equal(code, 0, stderr);
  const prometheus = await startPrometheus(join(weft.folder, "observe"));
  t.after(() => prometheus.stop());
  return prometheus;
}

/** What the start page asks the dashboard for. */
async function known({ dashboard }: FaultyMesh): Promise<Known> {
  const get = async (path: string) => (await fetch(`${dashboard}/api${path}`)).json();
  const [graph, instances, sidecars, health, policy, expiring] = await Promise.all(
    ["/v1/graph?window=1m", "/v1/instances", "/v1/sidecars", "/v1/health", "/v1/policy", "/expiring"].map(
      get,
    ),
  );
  return { graph, instances, sidecars, health, policy, expiring } as Known;
}
