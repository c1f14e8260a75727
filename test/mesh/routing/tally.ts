import assert from "node:assert/strict";
import { connect } from "node:net";
import type { TestContext } from "node:test";
import { type SidecarUnderTest, testApp, testSidecar } from "../../support/mesh.ts";
import type { RoutedMesh } from "../../support/routed-mesh.ts";
import { until } from "../../support/until.ts";

/** How many calls ended where: at `v1`, or with `503 no-instance`. */
export type Tally = Readonly<Record<string, number>>;

interface TallyOptions {
  readonly host?: string;
  /** How many calls are under way at a time. */
  readonly connections?: number;
  /** Header lines of the i-th call, each with its CR LF. */
  readonly fields?: (i: number) => string;
  /** Told where each call ended. */
  readonly ended?: (i: number, end: string) => void;
}

/**
 * Calls over kept connections and counts where the calls end. Writes its own bytes, so that the mesh is what takes
 * the time and not the client.
 */
export async function tally(
  t: TestContext,
  { listen }: SidecarUnderTest,
  calls: number,
  { host = "echo.mesh", connections = 24, fields = () => "", ended = () => undefined }: TallyOptions = {},
): Promise<Tally> {
  const counts: Record<string, number> = {};
  let next = 0;
  const work = async () => {
    const ask = await keptConnection(t, listen);
    while (next < calls) {
      const i = next++;
      const end = await ask(`GET / HTTP/1.1\r\nHost: ${host}\r\n${fields(i)}\r\n`);
      counts[end] = (counts[end] ?? 0) + 1;
      ended(i, end);
    }
  };
  await Promise.all(Array.from({ length: Math.min(connections, calls) }, work));
  return counts;
}

async function keptConnection(t: TestContext, listen: string): Promise<(request: string) => Promise<string>> {
  const [host = "", port = ""] = listen.split(":");
  const socket = connect({ host, port: Number(port), noDelay: true }).setEncoding("latin1");
  t.after(() => socket.destroy());
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  let received = "";
  let resolve: (end: string) => void;
  let reject: (error: Error) => void;
  socket.on("data", (data: string) => {
    received += data;
    const headEnd = received.indexOf("\r\n\r\n") + 4;
    const length = Number(/^content-length: (\d+)\r$/im.exec(received)?.[1] ?? 0);
    if (headEnd < 4 || received.length < headEnd + length) return;
    const status = received.slice(9, 12);
    const code = /^weft-error: (.+)\r$/im.exec(received)?.[1];
    const end = status === "200" ? received.slice(headEnd) : `${status} ${code}`;
    received = "";
    resolve(end);
  });
  socket.on("close", () => reject?.(new Error(`the sidecar closed the connection: ${received}`)));
  return (request) =>
    new Promise((whenAnswered, whenClosed) => {
      resolve = whenAnswered;
      reject = whenClosed;
      socket.write(request);
    });
}

/** A version of `echo` whose app only says which version it is. */
export async function plainVersion(
  t: TestContext,
  mesh: RoutedMesh,
  version: string,
): Promise<SidecarUnderTest> {
  const app = await testApp(t, (_request, response) => void response.end(`v${version}`));
  const sidecar = await testSidecar(mesh.broker, "echo", { version, app });
  await until(
    async () => (await mesh.get(`instances?service=echo&version=${version}`)).instances.length > 0,
    { what: `echo v${version} to be known` },
  );
  return sidecar;
}

/**
 * Asserts that calls were shared in these proportions: Pearson's chi-squared test. It fails by accident once in a
 * million times, and finds a share of 10 % out of 20,000 calls that is wrong by one in a hundred calls.
 */
export function assertShares(found: Tally, weights: Readonly<Record<string, number>>): void {
  const ends = Object.keys(weights);
  assert.deepEqual(Object.keys(found).sort(), [...ends].sort(), JSON.stringify(found));
  const calls = ends.reduce((sum, end) => sum + found[end]!, 0);
  const total = ends.reduce((sum, end) => sum + weights[end]!, 0);
  const chiSquared = ends.reduce((sum, end) => {
    const expected = (calls * weights[end]!) / total;
    return sum + (found[end]! - expected) ** 2 / expected;
  }, 0);
  const limit = ONE_IN_A_MILLION[ends.length - 1]!;
  assert.ok(
    chiSquared < limit,
    `chi-squared is ${chiSquared.toFixed(1)}, above ${limit}: ${JSON.stringify(found)}`,
  );
}

/** Quantiles of the chi-squared distribution by degrees of freedom. */
const ONE_IN_A_MILLION = [0, 23.93, 27.63, 30.66];
