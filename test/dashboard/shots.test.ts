import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { closeBrowser, openPage, settled, skip } from "./browser.ts";
import { dashboard, TOKEN } from "./dashboard.ts";
import { fakeRegistry } from "./fake-registry.ts";
import { letIn } from "./ledger.ts";
import { FAILED, FORGOTTEN } from "./trace-scene.ts";

after(closeBrowser);

const folder = process.env.WEFT_SHOTS;
const LOOKS = {
  light: { viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
  phone: { viewport: { width: 360, height: 760 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
} as const;
const PAGES = {
  start: "/",
  list: "/?show=list",
  service: "/services/orders",
  traces: "/traces",
  "traces-none": "/traces?service=mail&leastMs=5000",
  trace: `/traces/${FAILED}`,
  "trace-forgotten": `/traces/${FORGOTTEN}`,
  policy: "/policy",
  identities: "/identities",
  explain: "/explain/0f3c2d1e",
  "trace-signed-in": `/traces/${FAILED}`,
};

test("pictures of every page, to be looked at", {
  skip: skip || (folder === undefined && "WEFT_SHOTS names no folder to put them in"),
}, async (t) => {
  mkdirSync(folder!, { recursive: true });
  const { url, stateDir } = await dashboard(t, (await fakeRegistry(t)).url);
  letIn(stateDir, "orders", "5cde1d4ce621");
  letIn(stateDir, "catalog", "77aa88bb99cc", { minutesLeft: 3 });
  for (const [look, options] of Object.entries(LOOKS)) {
    const page = await openPage(t, options);
    for (const [name, path] of Object.entries(PAGES)) {
      await page.goto(url + path);
      await page.waitForLoadState("load");
      if (name === "identities") {
        await page.screenshot({ path: join(folder!, `${look}-sign-in.png`) });
        await page.getByLabel("Admin token").fill(TOKEN);
        await page.getByRole("button", { name: "Sign in" }).click();
        await page.getByRole("button", { name: "Sign out" }).waitFor();
      }
      await settled(page);
      if (name === "trace-signed-in") {
        await page.getByRole("button", { name: /mail/ }).click();
        await page.evaluate("scrollTo(0, 0)");
      }
      await page.screenshot({ path: join(folder!, `${look}-${name}.png`), fullPage: true });
    }
  }
});
