import { execFileSync } from "node:child_process";
import type { TestContext } from "node:test";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { until } from "../support/until.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** The Chromium of this machine: `WEFT_CHROMIUM`, or what is on PATH. Never fetched. */
const program = (): string | undefined => {
  const given = process.env.WEFT_CHROMIUM;
  if (given) return given;
  for (const name of NAMES)
    try {
      return execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
    } catch {
      // the next
    }
  return undefined;
};

const PATH = program();

/** For `test(name, { skip }, …)`: why there is no browser, or false. */
export const skip: string | false =
  PATH === undefined && "no Chromium on PATH: apt-get install chromium, or name one in WEFT_CHROMIUM";

/** On a machine that may be busy. */
const WITHIN_MS = 20_000;

let browser: Promise<Browser> | undefined;

/** A page of its own in a headless Chromium that the tests of one file share. */
export async function openPage(t: TestContext, options: BrowserContextOptions = {}): Promise<Page> {
  // As root there is no sandbox of Chromium's; pages are our own, on loopback.
  browser ??= chromium.launch({
    executablePath: PATH!,
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
  const context = await (await browser).newContext({ locale: "en-GB", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(WITHIN_MS);
  t.after(() => context.close());
  return page;
}

/** Waits until a page has all that it asked for; evaluated from outside, as its policy allows no evaluation within. */
export const settled = (page: Page): Promise<boolean> =>
  until(async () => (await page.locator(".loading").count()) === 0, { withinMs: WITHIN_MS });

/** For `after`: the browser goes with the file. */
export const closeBrowser = async (): Promise<void> => (await browser)?.close();
