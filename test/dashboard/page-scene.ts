import type { TestContext } from "node:test";
import type { BrowserContextOptions } from "playwright-core";
import { openPage } from "./browser.ts";
import { dashboard } from "./dashboard.ts";
import { type Answers, fakeRegistry } from "./fake-registry.ts";

/** The dashboard in front of a registry that says what a test wants, and a page of it. */
export async function scene(t: TestContext, options: BrowserContextOptions & { answers?: Answers } = {}) {
  const { answers, ...context } = options;
  const fake = await fakeRegistry(t, answers);
  const made = await dashboard(t, fake.url);
  const page = await openPage(t, context);
  /** What the browser complained about: a broken policy, a script that threw. */
  const complaints: string[] = [];
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (said) => {
    if (said.type() === "error" && !/Failed to load resource/.test(said.text())) complaints.push(said.text());
  });
  const open = async (path: string) => {
    await page.goto(made.url + path);
    await page.locator("main *").first().waitFor();
  };
  return { ...made, fake, page, open, complaints };
}
