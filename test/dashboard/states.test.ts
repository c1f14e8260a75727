import assert from "node:assert/strict";
import { after, test } from "node:test";
import { until } from "../support/until.ts";
import { closeBrowser, settled, skip } from "./browser.ts";
import { TOKEN } from "./dashboard.ts";
import { aShop } from "./fake-registry.ts";
import { letIn } from "./ledger.ts";
import { scene } from "./page-scene.ts";
import { graph } from "./scene.ts";
import { FAILED } from "./trace-scene.ts";

after(closeBrowser);

const PATHS = [
  ...["/", "/?show=list", "/services/orders", "/traces", `/traces/${FAILED}`, "/explain/id-1"],
  ...["/policy", "/identities"],
];
const focusedText = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent";

test("a mesh without services says how to start one", { skip }, async (t) => {
  const answers = { ...aShop(), "/v1/graph": graph([], []), "/v1/instances": { instances: [] } };
  const { page, open } = await scene(t, { answers });
  await open("/");
  await page.getByText("No service has joined yet").waitFor();
  await page.getByText(/^npx weft run hello/).waitFor();
});

test("while nothing has come yet it says what is being read", { skip }, async (t) => {
  const { page, open, fake } = await scene(t);
  fake.answering = false;
  await open("/");
  await page.getByText("Reading who calls whom …").waitFor();
  await page.getByText("Connecting").waitFor();
});

test("a registry that hangs from the start is told as well: news do not call off what is being asked", {
  skip,
}, async (t) => {
  const { page, open, fake } = await scene(t);
  fake.answering = false;
  await open("/");
  await page.getByText("Cannot show who calls whom.").waitFor({ timeout: 20_000 });
});

test("a registry that is away from the start is told, with the cure", { skip }, async (t) => {
  const { page, open, fake } = await scene(t);
  await fake.close();
  await open("/");
  await page.getByText("Cannot show who calls whom.").waitFor();
  await page
    .getByRole("alert")
    .getByText(/the registry at http:\S+ does not answer: is its weft up running\?/)
    .waitFor();
  await page.getByText("No data").waitFor();
});

test("when the registry goes away what was shown stays, and says how old it is", { skip }, async (t) => {
  const { page, open, fake } = await scene(t);
  await open("/");
  await page.getByText("Live").waitFor();
  await fake.close();
  await page
    .getByRole("banner")
    .getByText(/^▲ Last data \d+ s ago$/)
    .waitFor();
  await page.getByText(/Last data \d+ s ago: the registry at .* does not answer/).waitFor();
  await page.locator(".wrongs li", { hasText: /registry It has not answered for \d+ s/ }).waitFor();
  assert.equal(await page.locator(".node").count(), 7);
});

test("a stream that was refused once is asked for again", { skip }, async (t) => {
  const { page, open } = await scene(t);
  let asked = 0;
  await page.route("**/api/v1/signals/stream", (route) =>
    asked++ === 0 ? route.fulfill({ status: 502 }) : route.continue(),
  );
  await open("/");
  await until(() => asked > 1, { withinMs: 20_000 });
});

test("when the dashboard itself ends, its page says so", { skip }, async (t) => {
  const { page, open, close } = await scene(t);
  await open("/");
  await page.locator(".node").first().waitFor();
  await close();
  await page
    .getByText(/the dashboard itself does not answer: is weft up, or weft dashboard, still running\?/)
    .first()
    .waitFor();
});

test("all of it can be had by keyboard", { skip }, async (t) => {
  const { page, open } = await scene(t);
  await open("/");
  await page.locator(".node").nth(6).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(focusedText), "Skip to the content");
  assert.ok(
    (await page.locator(".skip").boundingBox())!.y >= 0,
    "the skip link is seen when it has the focus",
  );
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate("document.activeElement.id"), "main");

  await page.locator('.node[tabindex="0"]').focus();
  await page.keyboard.press("ArrowRight");
  assert.match(String(await page.evaluate(focusedText)), /^shop: /);
  await page.keyboard.press("ArrowRight");
  assert.match(String(await page.evaluate(focusedText)), /^orders: /);
  assert.notEqual(
    await page.evaluate("getComputedStyle(document.activeElement.querySelector('.box')).strokeWidth"),
    "3px",
  );
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "orders" }).waitFor();

  await open("/?show=list");
  await page.getByRole("table", { name: "Services" }).getByRole("link").first().focus();
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.evaluate(focusedText), "visitor");
  await page.keyboard.press("End");
  assert.equal(await page.evaluate(focusedText), "mail");
});

test("it is dark where the system is, and as the reader chooses from then on", { skip }, async (t) => {
  const { page, open } = await scene(t, { colorScheme: "dark" });
  const isBackground = (colour: string) =>
    until(async () => (await page.evaluate("getComputedStyle(document.body).backgroundColor")) === colour, {
      what: `the background ${colour}`,
    });
  const [DARK, LIGHT] = ["rgb(15, 19, 24)", "rgb(246, 247, 248)"] as const;
  await open("/");
  await isBackground(DARK);
  await page.getByRole("button", { name: /^Theme: system/ }).click();
  await isBackground(LIGHT);
  await open("/policy");
  await isBackground(LIGHT);
  await page.getByRole("button", { name: /^Theme: light/ }).click();
  await isBackground(DARK);
});

test("on a phone no page is wider than the screen", { skip }, async (t) => {
  const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
  const { page, open } = await scene(t, phone);
  for (const path of PATHS) {
    await open(path);
    await settled(page);
    assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 360, path);
  }
  await open("/");
  await page.locator(".node", { hasText: "stock" }).tap();
  await page.getByRole("heading", { level: 1, name: "stock" }).waitFor();
});

test("identities are shown to who signs in, and no more after signing out", { skip }, async (t) => {
  const { page, open, stateDir, complaints } = await scene(t);
  letIn(stateDir, "orders", "5cde1d4ce621");
  letIn(stateDir, "catalog", "77aa88bb99cc", { minutesLeft: 3 });
  await open("/identities");
  await page.getByLabel("Admin token").fill("a guess");
  await page.keyboard.press("Enter");
  await page.getByText("this is not the admin token of this mesh").waitFor();
  await page.getByLabel("Admin token").fill(TOKEN);
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "catalog" }).waitFor();
  const rows = await page.locator("tbody tr").allTextContents();
  assert.match(rows[0]!, /^catalog.*77aa88bb99cc■ ends soon.*in (?:2|3) min.*token 1a2b127\.0\.0\.1$/);
  assert.match(rows[1]!, /^orders.*5cde1d4ce621● good5 h ago10 min agoin (?:49|50) min/);
  assert.equal(await page.evaluate("document.cookie"), "", "no script can read the session");
  await open("/");
  await page.getByText("The credential of instance 77aa88bb99cc ends in").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await open("/identities");
  await page.getByLabel("Admin token").waitFor();
  assert.deepEqual(complaints, []);
});

test("going back to a revision is offered to who is signed in, and says first what it changes", {
  skip,
}, async (t) => {
  const answers = {
    ...aShop(),
    "/v1/policy/rollback": {
      revision: 4,
      dryRun: false,
      changes: [{ change: "configured", key: "HTTPRoute/default/orders" }],
    },
  };
  const { page, open, fake } = await scene(t, { answers });
  await open("/policy");
  await page.locator(".line.new").first().waitFor();
  assert.equal(await page.getByRole("button", { name: /Go back to revision/ }).count(), 0);
  await open("/identities");
  await page.getByLabel("Admin token").fill(TOKEN);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Sign out" }).waitFor();
  await page.getByRole("link", { name: "Policy" }).click();
  await page.getByRole("button", { name: "Go back to revision 2" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("HTTPRoute/default/orders configured").waitFor();
  await dialog.getByRole("button", { name: "Go back, for all traffic" }).click();
  await dialog.getByText("Done: this is revision 4 now.").waitFor();
  assert.equal(fake.asked.filter(({ method }) => method === "POST").length, 2, "a dry run, then the change");
});
