import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { FREE_PORTS, proxyOf, soon, Weft } from "../cli/weft.ts";
import { ask } from "../support/ask.ts";
import { closeBrowser, openPage, skip } from "./browser.ts";

const ports = [...FREE_PORTS.filter((flag) => flag !== "--no-dashboard"), "--dashboard-port", "0"];
const weft = new Weft();
let url = "";

before(async () => {
  const up = await weft.start(["up", ...ports]);
  url = /^dashboard +(http:\S+)$/m.exec(up.stdout())![1]!;
});
after(async () => {
  await closeBrowser();
  await weft.close();
});

test("weft up serves a dashboard, and weft dashboard tells where", async () => {
  assert.deepEqual(await weft.run(["dashboard"]), { code: 0, stdout: `${url}\n`, stderr: "" });
  const answer = await fetch(`${url}/api/v1/health`);
  assert.equal(((await answer.json()) as { status: string }).status, "ok");
});

test("weft dashboard serves another where it is told to", async () => {
  const other = await weft.start(["dashboard", "--listen", "127.0.0.1:0"]);
  const own = other.ready.replace("ready ", "");
  assert.notEqual(own, url);
  assert.match(await (await fetch(own)).text(), /<title>Weft<\/title>/);
  assert.equal((await other.end()).code, 0);
});

test("a fault in a real mesh is seen on the start page, and where it is", { skip }, async (t) => {
  // A sidecar without a child, so that it can be killed alone.
  const version = async (name: string, answer: (response: ServerResponse) => void) => {
    const server = createServer((_, response) => answer(response)).listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return weft.start([
      "sidecar",
      "stock",
      "--version",
      name,
      "--app",
      url,
      "--listen",
      "127.0.0.1:0",
      "--no-admin",
    ]);
  };
  const [, broken] = await Promise.all([
    version("1", (response) => response.end("ok")),
    version("2", (response) => response.writeHead(500).end()),
  ]);
  const web = await weft.start(["sidecar", "web", "--version", "1", "--listen", "127.0.0.1:0", "--no-admin"]);
  const call = (host: string) => ask(proxyOf(web.ready), host, "/", {});
  let calling = true;
  t.after(() => {
    calling = false;
  });
  const load = (async () => {
    while (calling)
      await Promise.all(["v1.stock.mesh", "v2.stock.mesh"].map((host) => call(host).catch(() => {})));
  })();
  const page = await openPage(t);
  await page.goto(url);
  await page.locator(".wrongs a", { hasText: "stock" }).first().waitFor({ timeout: 30_000 });
  await page.locator(".edge.bad").waitFor();
  // The two report by themselves, so that one may have no figures yet.
  const versions = page.locator(".node", { hasText: "stock" }).locator(".version");
  await versions.filter({ hasText: /^v2 ×1■ 0\.0 %/ }).waitFor();
  await versions.filter({ hasText: /^v1 ×1100 %/ }).waitFor();

  await page.locator(".wrongs").getByRole("link", { name: "Traces" }).first().click();
  await page.locator(".traces a").first().click();
  await page.getByText(/^The app of stock, instance \w+, answered 500\.$/).waitFor();
  await page.goto(url);

  broken.child.kill("SIGKILL");
  await page.locator(".wrongs", { hasText: /Instance \w+ is silent/ }).waitFor({ timeout: 30_000 });
  calling = false;
  await load;

  await page.goto(`${url}/identities`);
  const token = readFileSync(join(weft.state, "registry", "admin-token"), "utf8");
  await page.getByLabel("Admin token").fill(token);
  await page.keyboard.press("Enter");
  await page.getByRole("rowheader", { name: "web" }).waitFor();
  await soon(async () => (await page.locator("tbody tr").count()) === 3);
});
