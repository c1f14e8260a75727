import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../broker/ports.ts";
import { Fault } from "../cli/fault.ts";
import { onTold } from "../cli/told.ts";
import { Subjects } from "../subjects/subjects.ts";
import { ask } from "./ask.ts";
import { showCanary, spreadOf } from "./canary.ts";
import { type Child, Children } from "./children.ts";
import { type ShopService, shopServices } from "./shop.ts";
import { createShow, type Show } from "./show.ts";

export interface DemoOptions {
  /** Leave it running until a signal comes. */
  readonly keep?: boolean;
  readonly bench: boolean;
}

const subjects = new Subjects();

/** A Ctrl-C, as a shell has it. */
const INTERRUPTED = 130;

/**
 * Shows the mesh at work, from nothing to a table of latencies, on free ports and in a folder of its own. Whatever
 * happens, everything it started is ended.
 * @returns the exit code
 * @throws Fault when a step fails
 */
export async function demo(options: DemoOptions): Promise<number> {
  const state = mkdtempSync(join(tmpdir(), "weft-demo-"));
  const children = new Children({ ...process.env, WEFT_STATE: state });
  const told = new Promise<"told">((resolve) => onTold(() => resolve("told")));
  try {
    if ((await Promise.race([play(options, state, children), told])) === "told") return INTERRUPTED;
    if (options.keep) await told;
    return 0;
  } finally {
    await children.endAll();
    rmSync(state, { recursive: true, force: true });
  }
}

async function play(options: DemoOptions, state: string, children: Children): Promise<void> {
  const startedAt = performance.now();
  const show = createShow(process.stdout);
  show.title("weft: a small shop on a mesh whose fabric is NATS");

  show.step("The mesh comes up: nats-server with TLS and JWT users, the authority, the registry");
  await children.start(
    ["up", ...["broker", "authority", "registry", "dashboard"].flatMap((part) => [`--${part}-port`, "0"])],
    (text) => show.line(text),
  );

  show.step("Services join: each gets a sidecar, an identity of its own, and a subject");
  const started = await startShop(children, show);

  show.step("They call each other by plain HTTP: shop → orders → catalog → stock");
  const caller = await children.start(["sidecar", "visitor", "--version", "1", "--listen", "127.0.0.1:0"]);
  const proxy = /proxy=(\S+)/.exec(caller.ready)![1]!;
  await expect(show, proxy, "http://shop.mesh/", 200);
  show.line("");
  show.line("a version by its name, or whichever there is:");
  await expect(show, proxy, "http://v1.orders.mesh/orders/7", 200);
  await expect(show, proxy, "http://v2.orders.mesh/orders/7", 200);
  show.line(`GET http://orders.mesh/orders/7, 20 times: ${await spreadOf(proxy, 20)}`);

  show.step("Discovery lists them: weft get instances");
  show.block(await children.run(["get", "instances"]));
  show.line("(CALLS and ERRORS come with the heartbeat, every 2 s)");

  show.step("A canary: a Gateway API route, live within a second");
  await showCanary(show, children, proxy);

  show.step("Failures say what they are: version 1 of orders leaves");
  await started.get("orders 1")!.end();
  started.delete("orders 1");
  await expect(show, proxy, "http://v1.orders.mesh/orders/7", 503);
  show.line("the other version still answers:");
  await expect(show, proxy, "http://orders.mesh/orders/7", 200);

  if (options.bench) {
    show.step("How fast: weft bench --quick");
    if ((await children.show(["bench", "--quick"])) !== 0)
      throw new Fault(
        "the latency suite failed",
        "what it printed above says why; weft bench --quick runs it alone",
      );
  }
  show.line("");
  show.title(`done in ${((performance.now() - startedAt) / 1000).toFixed(0)} s: everything above was real`);
  if (options.keep)
    tellWhatToTry(show, {
      ...{ proxy, state, dashboard: (await children.run(["dashboard"])).trim() },
      admins: [caller, ...started.values()].map(({ ready }) => /admin=(\S+)/.exec(ready)![1]!),
    });
}

async function startShop(children: Children, show: Show): Promise<Map<string, Child>> {
  const services = shopServices(await freePort());
  const width = Math.max(...services.map(({ service }) => service.length));
  const entries = services.map(async (one: ShopService): Promise<[string, Child]> => {
    const { service, version, language, flags, command } = one;
    const child = await children.start([
      "run",
      service,
      "--version",
      version,
      "--port",
      "0",
      ...flags,
      "--",
      ...command,
    ]);
    show.line(
      `${service.padEnd(width)}  v${version}  ${language.padEnd(6)}  ${subjects.inbound(service, { kind: "version", version })}`,
    );
    return [`${service} ${version}`, child];
  });
  return new Map(await Promise.all(entries));
}

/** One call, shown; any other status than the one expected ends the demo. */
async function expect(show: Show, proxy: string, url: string, status: number): Promise<void> {
  const answer = await ask(proxy, url);
  const code = answer.weftError === undefined ? "" : `weft-error: ${answer.weftError}: `;
  show.call(`GET ${url}`, answer.status, `${code}${answer.text.trim()}`);
  if (answer.status !== status)
    throw new Fault(
      `GET ${url} answered ${answer.status} where ${status} was due`,
      "run the demo with --keep and look at the admin pages of the sidecars",
    );
}

interface Kept {
  readonly proxy: string;
  readonly state: string;
  readonly dashboard: string;
  /** Of the sidecars. */
  readonly admins: readonly string[];
}

function tellWhatToTry(show: Show, { proxy, state, dashboard, admins }: Kept): void {
  show.step(`It stays up until Ctrl-C. Watch it on ${dashboard}, and in another terminal, try:`);
  const tries = [
    `curl -x ${proxy} http://shop.mesh/`,
    `curl -x ${proxy} http://v2.orders.mesh/orders/8`,
    `curl -H 'Host: catalog.mesh' ${proxy}/items/tea`,
    `npx weft call stock /stock/cup -i --state ${state}`,
    `npx weft apply -f src/demo/policy/canary.yaml --state ${state}`,
    `npx weft get instances --watch --state ${state}`,
    `npx weft top --state ${state}`,
    `npx weft grafana --out observe --state ${state} ${admins.map((url) => `--sidecar ${url}`).join(" ")}`,
    `npx weft run hello --version 1 --port 0 --state ${state} -- sh -c 'exec python3 -m http.server $PORT'`,
  ];
  for (const one of tries) show.line(one);
}
