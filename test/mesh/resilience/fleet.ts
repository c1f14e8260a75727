import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { SidecarOptions } from "../../../sidecar/options.ts";
import { ask } from "../../support/ask.ts";
import { type SidecarUnderTest, testApp } from "../../support/mesh.ts";
import type { RoutedMesh } from "../../support/routed-mesh.ts";
import { until } from "../../support/until.ts";

/** What an app does with a request: answers, breaks the connection, or keeps silent. */
export interface Deed {
  /** 200 by default. */
  readonly status?: number;
  readonly afterMs?: number;
  readonly headers?: Record<string, string>;
  readonly instead?: "reset" | "silence";
}

/** One request that has reached an app. */
export interface Seen {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly instance: string;
  /** As the mesh told it. */
  readonly attempt: number;
  /** Monotonic, in ms. */
  readonly at: number;
  /** Undefined while it is still coming, or when it was cut off. */
  body: Buffer | undefined;
  /** The connection was closed before the answer was given. */
  cancelled: boolean;
}

/** One instance: the app, and the sidecar when it runs in this process. */
export class Member {
  readonly instance: string;
  readonly seen: Seen[] = [];
  /** What it does with a request that no script is for. */
  deed: Deed;
  server!: Server;
  sidecar!: SidecarUnderTest;

  constructor(instance: string, deed: Deed) {
    this.instance = instance;
    this.deed = deed;
  }
}

let count = 0;
const WARM_UP = "/is-anybody-there";

/** The instances of one service. Their apps do as they are told, and write down what they see. */
export class Fleet {
  readonly service: string;
  readonly members: Member[] = [];
  /** What all of them saw, the oldest first. */
  readonly seen: Seen[] = [];
  readonly #scripts = new Map<string, Deed[]>();
  readonly #t: TestContext;
  readonly #mesh: RoutedMesh;

  constructor(t: TestContext, mesh: RoutedMesh, service = "orders") {
    this.#t = t;
    this.#mesh = mesh;
    this.service = service;
  }

  /** One more instance; resolves when the registry knows it. */
  async add(deed: Deed = {}, options: Partial<SidecarOptions> = {}): Promise<Member> {
    const member = new Member(`m${++count}`, deed);
    const app = await this.app(member);
    member.server = app.server;
    member.sidecar = await this.#mesh.serve(this.service, app, { instance: member.instance, ...options });
    this.members.push(member);
    return member;
  }

  /** What requests for a path meet, one after the other, whichever instance they come to; the last is for all further. */
  script(path: string, ...deeds: Deed[]): void {
    this.#scripts.set(path, deeds);
  }

  /** What became of one call at the apps. */
  of(path: string): Seen[] {
    return this.seen.filter((seen) => seen.path === path);
  }

  /** How many requests each has seen. */
  counts(): number[] {
    return this.members.map(({ seen }) => seen.length);
  }

  forget(): void {
    this.seen.length = 0;
    for (const { seen } of this.members) seen.length = 0;
  }

  /** Waits until a caller knows all instances, and none besides. */
  async isKnownTo(caller: SidecarUnderTest, members: readonly Member[] = this.members): Promise<void> {
    const others = this.members.filter((member) => !members.includes(member));
    const call = () => ask(caller.listen, `${this.service}.mesh`, WARM_UP);
    await until(
      async () => {
        await call();
        const { text } = await ask(caller.admin!, "localhost", "/endpoints");
        const isListed = ({ instance }: Member): boolean => text.includes(`"${instance}"`);
        return members.every(isListed) && !others.some(isListed);
      },
      { what: `a caller to know ${members.length} instances of ${this.service}` },
    );
    // What is known is looked at when there is a call.
    await call();
    this.forget();
  }

  /** An app that does as the member is told. */
  app(member: Member) {
    return testApp(this.#t, (request, response) => void this.#handle(request, response, member));
  }

  async #handle(request: IncomingMessage, response: ServerResponse, member: Member): Promise<void> {
    const { url: path = "", method = "", headers } = request;
    const seen: Seen = {
      ...{ path, method, headers, instance: member.instance, at: performance.now() },
      ...{ attempt: Number(headers["weft-attempt"]), body: undefined, cancelled: false },
    };
    this.seen.push(seen);
    member.seen.push(seen);
    response.once("close", () => {
      seen.cancelled = !response.writableFinished;
    });
    const script = this.#scripts.get(path);
    const deed = (script && script.length > 1 ? script.shift() : script?.[0]) ?? member.deed;
    try {
      seen.body = await buffer(request);
    } catch {
      return; // cut off
    }
    if (deed.afterMs !== undefined) await delay(deed.afterMs);
    if (deed.instead === "reset") request.socket.resetAndDestroy();
    if (deed.instead !== undefined) return;
    // A reset of a kept connection is hidden by the callee's sidecar: it asks again on another one.
    if (script !== undefined || path === WARM_UP) response.setHeader("connection", "close");
    response.writeHead(deed.status ?? 200, { instance: member.instance, ...deed.headers }).end(path);
  }
}

/** A service of so many instances that a caller knows, on a mesh of its own. */
export async function fleetOf(
  t: TestContext,
  mesh: RoutedMesh,
  deeds: readonly Deed[],
  service = "orders",
): Promise<{ fleet: Fleet; shop: SidecarUnderTest }> {
  const fleet = new Fleet(t, mesh, service);
  for (const deed of deeds) await fleet.add(deed);
  const shop = await mesh.caller();
  await fleet.isKnownTo(shop);
  return { fleet, shop };
}

/** How long something takes, in ms, with what it comes to. */
export async function timed<T>(work: Promise<T>): Promise<[result: T, tookMs: number]> {
  const startedAt = performance.now();
  return [await work, performance.now() - startedAt];
}
