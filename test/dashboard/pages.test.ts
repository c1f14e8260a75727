import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { until } from "../support/until.ts";
import { closeBrowser, settled, skip } from "./browser.ts";
import { aShop } from "./fake-registry.ts";
import { scene } from "./page-scene.ts";
import { edge, graph, instance, node, shop, signals } from "./scene.ts";

after(closeBrowser);

const texts = (page: Page, selector: string) => page.locator(selector).allInnerTexts();

test("the start page says what is wrong, in sentences, above the picture of the mesh", {
  skip,
}, async (t) => {
  const { page, open, complaints } = await scene(t);
  await open("/");
  await page.locator(".node").nth(6).waitFor();
  await page.locator(".wrongs li").nth(3).waitFor();
  const wrongs = await texts(page, ".wrongs li");
  assert.match(wrongs[0]!, /orders 14\.7 % of its calls fail, mostly 5xx; seen by shop\./);
  assert.ok(wrongs.some((text) => /ffee00112233 is silent for \d+ s/.test(text)));
  assert.ok(wrongs.some((text) => /1 sidecar does not run revision 3 yet: catalog 77aa88bb99cc/.test(text)));
  const [strip, picture] = await Promise.all([
    page.locator(".wrongs").boundingBox(),
    page.locator(".graph").boundingBox(),
  ]);
  assert.ok(strip!.y + strip!.height <= picture!.y);

  const failing = page.locator(".edge.bad");
  assert.match((await failing.locator("text").first().textContent())!, /■ 10\/s · 85\.3 %/);
  assert.match((await failing.locator("text").nth(1).textContent())!, /p99 840 ms/);
  const widthOf = async (title: string) =>
    Number(await page.locator(".edge", { hasText: title }).locator("path").getAttribute("stroke-width"));
  assert.ok((await widthOf("catalog to stock")) > (await widthOf("visitor to shop")), "width by rate");
  assert.match(
    (await page.locator(".node.bad").getAttribute("aria-label"))!,
    /^orders: 14\.7 % of its calls fail/,
  );
  assert.match((await page.locator(".node.bad .version").nth(1).textContent())!, /v2 ×1■ 56\.0 %/);
  assert.deepEqual(complaints, []);
});

test("news are shown as they come, without a reload", { skip }, async (t) => {
  const { page, open, fake } = await scene(t);
  await open("/");
  await page.locator(".node.bad").waitFor();
  await until(() => fake.readers === 2);
  fake.answers = {
    "/v1/graph": graph([node("orders"), node("shop")], [edge("shop", "orders")]),
    "/v1/instances": { instances: [] },
    "/v1/sidecars": { revision: 3, sidecars: [] },
  };
  fake.tell();
  await page.getByText("Nothing is wrong.").waitFor();
  await page.getByText("2 services, 2 instances up, 10/s, 100 % succeed.").waitFor();
  assert.equal(await page.locator(".node").count(), 2);
});

test("one service can be looked at alone, as a picture and as a list", { skip }, async (t) => {
  const { page, open } = await scene(t);
  await open("/");
  await page.getByLabel("Focus").selectOption("orders");
  await until(async () => (await page.locator(".node").count()) === 3);
  assert.match(page.url(), /\?focus=orders$/);
  await page.getByRole("radio", { name: "list" }).check();
  await page.getByRole("table", { name: "Calls" }).waitFor();
  assert.match(
    (await page.getByRole("table", { name: "Calls" }).textContent())!,
    /shoporders■ failing10\/s85\.3 %840 ms/,
  );
});

test("a focus on nobody says so, and shows all", { skip }, async (t) => {
  const { page, open, complaints } = await scene(t);
  await open("/?focus=nobody");
  await page.getByText("No service named nobody is known: all are shown.").waitFor();
  assert.equal(await page.locator(".node").count(), 7);
  assert.deepEqual(complaints, []);
});

test("a registry that has just started says what it does not know", { skip }, async (t) => {
  const young = { ...graph([node("orders")], []), since: Date.now() - 20_000 };
  const nothing = {
    "/v1/graph": young,
    "/v1/instances": { instances: [] },
    "/v1/sidecars": { revision: 3, sidecars: [] },
  };
  const { page, open } = await scene(t, { answers: { ...aShop(), ...nothing } });
  await open("/");
  await page.getByText("Nothing wrong is known yet.").waitFor();
  await page.getByText(/^The registry started \d+ s ago: it knows of the calls since then only\.$/).waitFor();
});

test("the last hour can be gone through, and an address remembers the moment", { skip }, async (t) => {
  const asked: (string | null)[] = [];
  const then = graph([node("orders"), node("shop")], [edge("shop", "orders")], Date.now() - 1_800_000);
  const answer = (url: URL) => {
    asked.push(url.searchParams.get("at"));
    return url.searchParams.has("at") ? then : shop();
  };
  const { page, open } = await scene(t, { answers: { ...aShop(), "/v1/graph": answer } });
  await open("/");
  await page.locator(".node.bad").waitFor();
  await page.getByLabel("Time").focus();
  await page.keyboard.press("Home");
  await page.getByText("The calls went well.").waitFor();
  const at = Number(asked.findLast((one) => one !== null));
  assert.ok(Math.abs(Date.now() - 3_600_000 - at) < 60_000);
  assert.match(page.url(), new RegExp(`at=${at}`));
  await page.reload();
  await page.getByText("The calls went well.").waitFor();
  assert.match(
    (await page.locator(".travel output").textContent()) ?? "",
    /^\d\d:\d\d:\d\d · (?:60 min|1 h.*) ago$/,
  );
  await page.getByRole("button", { name: "Back to now" }).click();
  await page.locator(".node.bad").waitFor();
});

test("a service is shown from all sides", { skip }, async (t) => {
  const { page, open, complaints } = await scene(t);
  await open("/services/orders");
  await page.locator(".uplot").nth(5).waitFor();
  const into = page.getByRole("region", { name: "Calls that come in" });
  assert.match((await into.textContent())!, /Rate10\/sSuccess85\.3 %p504\.0 msp90310 msp99840 ms/);
  assert.match(
    (await into.textContent())!,
    /2xx5123xx04xx05xx80none8retries42.*ejections2.*ended by the meshno-instance 8/,
  );
  const table = page.getByRole("table").filter({ hasText: "ended by the mesh" });
  assert.match((await table.locator("tbody tr").first().textContent())!, /0–––––––$/);
  await page.getByRole("radio", { name: "caller" }).check();
  await page.getByRole("rowheader", { name: "ok shop" }).waitFor();
  const instances = (await page.getByRole("region", { name: "Instances" }).textContent())!.replace(
    /\s+/g,
    " ",
  );
  assert.match(instances, /5cde1d4ce6212● up ▲ ejected by 1 sidecar of shop/);
  assert.match(instances, /3 of 64, 1 wait(?:39|40) min, 22 h/);
  assert.match(instances, /ffee001122331■ silent/);
  await page.getByText("HTTPRoute orders").click();
  await page.getByText(/weight: 30/).waitFor();
  assert.match((await page.locator(".resource summary").first().textContent()) ?? "", /revision 3, since/);
  assert.match(
    (await page.locator(".chart [role=img]").first().getAttribute("aria-label"))!,
    /^Calls a second\. good: last .*; failed: last 1\.5\/s/,
  );
  assert.deepEqual(complaints, []);
});

test("what differs between two revisions is shown line by line", { skip }, async (t) => {
  const { page, open } = await scene(t);
  await open("/policy");
  await page.locator(".line.new").first().waitFor();
  assert.deepEqual(
    (await texts(page, ".line.gone, .line.new")).map((text) => text.replace(/ +/g, " ").trim()),
    [...["− weight: 90", "+ weight: 70", "− weight: 10", "+ weight: 30"]],
  );
  await page.getByLabel("Compare from revision 1").check();
  await page.getByText("ServicePolicy orders created").waitFor();
  assert.match(page.url(), /from=1/);
  await page.getByText("1 of 3 sidecars do not run it yet: catalog 77aa88bb99cc (2)").waitFor();
});

test("text of services is text: nothing of it becomes a part of the page", { skip }, async (t) => {
  const evil = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
  const mesh = graph(
    [
      node(evil, { health: "failing", why: `${evil} fails`, versions: [{ version: evil, instances: 1 }] }),
      node("shop"),
    ],
    [edge("shop", evil, { success: 0.2, codes: { [evil]: 4 } })],
  );
  const resource = { kind: evil, metadata: { name: "orders" }, spec: { [evil]: evil } };
  const answers = {
    ...aShop(),
    "/v1/graph": mesh,
    "/v1/instances": {
      instances: [instance("orders", evil, { state: "silent", zone: evil, version: evil })],
    },
    "/v1/signals/orders": () => signals("orders", [evil, "javascript:alert(1)"], "route"),
    "/v1/policy": {
      revision: 1,
      at: new Date().toISOString(),
      store: { state: "broken", cause: evil },
      resources: [{ createdAt: new Date().toISOString(), revision: 1, resource }],
    },
    "/v1/policy/history": {
      revisions: [
        {
          revision: 1,
          at: new Date().toISOString(),
          by: evil,
          cause: evil,
          created: 1,
          configured: 0,
          deleted: 0,
        },
      ],
    },
  };
  const { page, open, complaints } = await scene(t, { answers });
  for (const path of [
    "/",
    "/?show=list",
    "/services/orders",
    "/policy",
    `/services/${encodeURIComponent(evil)}`,
  ]) {
    await open(path);
    await settled(page);
    assert.ok((await page.locator("body").textContent())!.includes("onerror"), `${path} shows it`);
    assert.equal(await page.locator("img[src=x], script:not([src]), [onerror]").count(), 0, path);
    assert.doesNotMatch(await page.title(), /^owned/);
  }
  assert.deepEqual(complaints, []);
});
