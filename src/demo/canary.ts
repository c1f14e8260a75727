import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "../cli/fault.ts";
import { checkoutFolder } from "../cli/self.ts";
import { ask } from "./ask.ts";
import type { Children } from "./children.ts";
import type { Show } from "./show.ts";

const URL = "http://orders.mesh/orders/7";
const REQUEST_ID = "canary-1";
const CALLS = 200;

/** A route is applied to the running shop, acts at once, can be asked about, and goes again. */
export async function showCanary(show: Show, children: Children, proxy: string): Promise<void> {
  const file = join(checkoutFolder(), "src", "demo", "policy", "canary.yaml");
  show.block(readFileSync(file, "utf8"));
  show.line("");
  show.line("weft apply -f src/demo/policy/canary.yaml");
  show.block(await children.run(["apply", "-f", file]));
  await untilInStep(children);
  show.line(`GET ${URL}, ${CALLS} times: ${await spreadOf(proxy, CALLS)}`);
  show.line(`GET ${URL}, 20 times with x-canary: 1: ${await spreadOf(proxy, 20, { "x-canary": "1" })}`);
  show.line("");
  show.line(`why one call went where it went: weft explain ${REQUEST_ID}`);
  await ask(proxy, URL, { "x-canary": "1", "x-request-id": REQUEST_ID });
  show.block(await children.run(["explain", REQUEST_ID]));
  show.line("");
  show.line("and back: weft rollback");
  show.block(await children.run(["rollback"]));
  await untilInStep(children);
}

/** How many of so many calls each version of orders answered: `v1 178, v2 22`. */
export async function spreadOf(
  proxy: string,
  calls: number,
  headers: Record<string, string> = {},
): Promise<string> {
  const counts = new Map<string, number>();
  for (let i = 0; i < calls; i++) {
    const { orders } = JSON.parse((await ask(proxy, URL, headers)).text) as { orders: string };
    counts.set(orders, (counts.get(orders) ?? 0) + 1);
  }
  return [...counts]
    .sort()
    .map(([version, count]) => `${version} ${count}`)
    .join(", ");
}

/** A change acts within a second; this waits until every sidecar says that it runs it. */
async function untilInStep(children: Children): Promise<void> {
  const until = performance.now() + 10_000;
  for (;;) {
    const told = await children.run(["get", "sidecars", "-o", "json"]);
    const { sidecars } = JSON.parse(told) as { sidecars: readonly { lagging: boolean }[] };
    if (sidecars.every(({ lagging }) => !lagging)) return;
    if (performance.now() > until)
      throw new Fault(
        "the change did not reach all sidecars within 10 s",
        "look at weft get sidecars: who lags?",
      );
  }
}
