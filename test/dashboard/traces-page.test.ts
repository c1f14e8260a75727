import assert from "node:assert/strict";
import { after, test } from "node:test";
import { until } from "../support/until.ts";
import { closeBrowser, settled, skip } from "./browser.ts";
import { TOKEN } from "./dashboard.ts";
import { aShop } from "./fake-registry.ts";
import { scene } from "./page-scene.ts";
import { account, FAILED, FORGOTTEN, keptTraces, traceAnswerOf } from "./trace-scene.ts";

after(closeBrowser);

test("traces are listed as they come, chosen by what the address says, and held for who reads", {
  skip,
}, async (t) => {
  const { page, open, fake, complaints } = await scene(t);
  await open("/traces");
  const rows = page.locator(".traces tbody tr");
  await rows.nth(9).waitFor();
  assert.match((await rows.nth(1).textContent())!, /^web → shopPOST .*■ 503 no-instanceorders → mail452 ms/);
  await page.getByRole("radio", { name: "failed" }).check();
  await until(async () => (await rows.count()) === 4);
  await page.getByLabel("Service").selectOption("orders");
  await page.getByLabel("Called by").selectOption("shop");
  await page.getByLabel("Took").selectOption("at least 100 ms");
  await until(async () => (await rows.count()) === 2);
  const query = "kind=failed&service=orders&caller=shop&leastMs=100";
  assert.equal(new URL(page.url()).search, `?${query}`);
  assert.ok(fake.asked.some(({ url }) => url === `/v1/traces?${query}&limit=100`));
  await page.reload();
  await until(async () => (await rows.count()) === 2);

  await page.getByRole("button", { name: "Hold the list" }).click();
  fake.answers = { ...aShop(), "/v1/traces": { traces: [] } };
  fake.tell();
  const asked = () => fake.asked.filter(({ url }) => url.startsWith("/v1/graph")).length;
  const before = asked();
  await until(() => asked() > before, { what: "the next news", withinMs: 20_000 });
  assert.equal(await rows.count(), 2);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("No such trace in the last hour").waitFor();
  assert.deepEqual(complaints, []);
});

test("a trace is read in sentences and as a waterfall, and opened by keyboard", { skip }, async (t) => {
  const { page, open, complaints } = await scene(t);
  await open("/traces");
  await page.locator(".traces a").first().focus();
  for (let i = 0; i < 4; i++) await page.keyboard.press("ArrowDown");
  assert.equal(await page.evaluate("document.activeElement.getAttribute('href')"), `/traces/${FAILED}`);
  await page.keyboard.press("Enter");
  const story = page.getByRole("region", { name: "What happened" });
  await story.getByText("It failed at orders → mail: 503 no-instance.").waitFor();
  await story.getByText(/catalog, instance 77aa88bb99cc, does not seem to forward traceparent/).waitFor();
  const lines = (await page.locator(".step").allInnerTexts()).map((text) => text.replace(/\s+/g, " ").trim());
  assert.deepEqual(lines.slice(2, 6), [
    ...["▸ shop → orders POST retried instance ejected 438 ms ■ 503", "attempt 1 5cde1d4ce621 61 ms ■ 503"],
    ...["back-off 45 ms", "attempt 2 0a1b2c3d4e5f 332 ms ■ 503"],
  ]);
  const [call, first, wait, second] = await Promise.all(
    [2, 3, 4, 5].map((i) => page.locator(".step").nth(i).locator(".stretch").first().boundingBox()),
  );
  assert.ok(first!.x >= call!.x && wait!.x >= first!.x + first!.width - 1 && second!.x > wait!.x);
  assert.ok(second!.x + second!.width <= call!.x + call!.width + 1);

  await page.locator(".step button").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate("document.activeElement.getAttribute('aria-expanded')"), "true");
  await page.getByText("503 no-instance, flag UH").waitFor();
  await page.locator(".fields").getByRole("link", { name: "orders" }).click();
  await page.getByRole("heading", { level: 1, name: "orders" }).waitFor();
  assert.deepEqual(complaints, []);
});

test("paths and messages are shown to who signs in, and no more after signing out", { skip }, async (t) => {
  const { page, open } = await scene(t);
  await open(`/traces/${FAILED}`);
  await page.getByText("Sign in to see paths, messages").click();
  assert.doesNotMatch((await page.locator("main").textContent())!, /checkout/);
  await page.getByLabel("Admin token").fill(TOKEN);
  await page.keyboard.press("Enter");
  await page.getByText("POST /cart/31/checkout").first().waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("Sign in to see paths, messages").waitFor();
  assert.doesNotMatch((await page.locator("main").textContent())!, /checkout/);
});

test("a trace is asked for once, again while it is under way, and never with all news", {
  skip,
}, async (t) => {
  const running = { ms: 900, status: 0, underWay: true };
  let told = [account(0, running)];
  const path = `/v1/traces/${FAILED}`;
  const answers = { ...aShop(), [path]: () => traceAnswerOf(FAILED, told, false) };
  const { page, open, fake } = await scene(t, { answers });
  const asked = () => fake.asked.filter(({ url }) => url === path).length;
  await open(`/traces/${FAILED}`);
  await page.getByText("under way").waitFor();
  told = [account(0, { ms: 1500 })];
  await page.getByText("● 200").first().waitFor();
  const [before, news] = [asked(), fake.asked.length];
  for (let i = 0; i < 3; i++) {
    fake.tell();
    await until(() => fake.asked.length > news + i, { withinMs: 20_000 });
  }
  assert.equal(asked(), before);
  await page.getByRole("button", { name: "Ask again" }).click();
  await until(() => asked() === before + 1);
});

test("traces that are forgotten, not there yet, or not to be had are told as such", { skip }, async (t) => {
  const { page, open, fake } = await scene(t, { answers: { ...aShop(), "/v1/traces": { traces: [] } } });
  await open("/traces");
  await page.getByText("No trace in the last hour").waitFor();
  await page.getByLabel("Trace id or x-request-id").fill(`00-${FORGOTTEN}-00f067aa0ba902b7-01`);
  await page.keyboard.press("Enter");
  await page.getByText("No sidecar remembers this trace").waitFor();
  assert.match(page.url(), new RegExp(`/traces/${FORGOTTEN}$`));
  await open(`/traces/${FAILED}`);
  await page.locator(".step").first().waitFor();
  await fake.close();
  await page.getByRole("button", { name: "Ask again" }).click();
  await page.getByText(/Last data .*: the registry at .* does not answer/).waitFor();
  assert.ok((await page.locator(".step").count()) > 8, "what was shown stays");
  await open("/traces");
  await page.getByText("Cannot show the traces.").waitFor();
});

test("a request is explained to who is signed in, and leads to its trace", { skip }, async (t) => {
  const traceparent = `00-${FAILED}-00f067aa0ba902b7-00`;
  const accounts = [
    account(0, { path: "/hangs", ms: 900, status: 0, underWay: true, traceparent }),
    account(2, {
      side: "server",
      service: "orders",
      instance: "0a1b2c3d4e5f",
      ms: 890,
      status: 0,
      underWay: true,
    }),
  ];
  const answers = { ...aShop(), "/v1/explain/id-1.a": { requestId: "id-1.a", accounts } };
  const { page, open, complaints } = await scene(t, { answers });
  await open("/traces");
  await page.getByLabel("Trace id or x-request-id").fill("id-1.a");
  await page.keyboard.press("Enter");
  await page.getByLabel("Admin token").fill(TOKEN);
  await page.keyboard.press("Enter");
  await page.getByText("GET /hangs").waitFor();
  assert.equal(await page.getByText("under way").count(), 2);
  await page.getByRole("link", { name: "All of its trace" }).click();
  await page.getByText("It failed at orders → mail").waitFor();
  assert.deepEqual(complaints, []);
});

test("what is wrong, calls and services lead to their traces", { skip }, async (t) => {
  const { page, open } = await scene(t);
  const leadsTo = async (search: string) => {
    await page.getByRole("heading", { level: 1, name: "Traces" }).waitFor();
    assert.equal(new URL(page.url()).search, search);
  };
  await open("/");
  await page.locator(".wrongs").getByRole("link", { name: "Traces" }).first().click();
  await leadsTo("?kind=failed&service=orders");
  await open("/");
  await page.locator(".edge.bad text").first().click();
  await leadsTo("?service=orders&caller=shop");
  await open("/?show=list");
  await page.getByRole("link", { name: "Traces of web to shop" }).click();
  await leadsTo("?service=shop&caller=web");
  await open("/services/orders");
  await page.locator(".bar.title").getByRole("link", { name: "slow" }).click();
  await leadsTo("?kind=slow&service=orders");
});

test("text of traces is text: nothing of it becomes a part of the page", { skip }, async (t) => {
  const evil = `<img src=x onerror="document.title='owned'">`;
  const over = {
    method: evil,
    path: evil,
    caller: evil,
    callee: evil,
    service: evil,
    instance: evil,
    marks: evil,
  };
  const more = {
    route: evil,
    rule: evil,
    why: evil,
    backend: evil,
    injected: evil,
    message: evil,
    access: evil,
  };
  const attempts = [evil, evil].map((instance, i) => ({
    instance,
    code: evil,
    status: 500,
    afterMs: i,
    ms: 1,
  }));
  const trace = traceAnswerOf(FAILED, [account(0, { ...over, ...more, attempts, code: evil, ms: 9 })], true);
  const [line] = keptTraces();
  const kept = {
    ...line,
    services: [evil],
    longest: { ...line!.longest, method: evil, caller: evil, code: evil },
  };
  const answers = { ...aShop(), "/v1/traces": { traces: [kept] }, [`/v1/traces/${FAILED}`]: trace };
  const { page, open, complaints } = await scene(t, { answers });
  for (const path of ["/traces", `/traces/${FAILED}`, `/traces?service=${encodeURIComponent(evil)}`]) {
    await open(path);
    await settled(page);
    for (const button of await page.locator(".step button").all()) await button.click();
    assert.ok((await page.locator("main").textContent())!.includes("onerror"), `${path} shows it`);
    assert.equal(await page.locator("img[src=x], [onerror]").count(), 0, path);
    assert.doesNotMatch(await page.title(), /^owned/);
  }
  assert.deepEqual(complaints, []);
});
