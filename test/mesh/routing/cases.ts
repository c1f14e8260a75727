import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { SidecarUnderTest } from "../../support/mesh.ts";
import { askEcho, type RoutedMesh, route } from "../../support/routed-mesh.ts";

/** `GET /path`, where it ends (`v1` for an app of that version, else status and code), header fields, why it is so. */
export type Case = readonly [
  asked: string,
  ends: string,
  headers?: Readonly<Record<string, string | string[]>> | undefined,
  why?: string,
];

/** Where a request ends: `v2`, or `404 no-route`. */
export async function endOf(
  from: SidecarUnderTest,
  host: string,
  asked = "GET /",
  headers: Readonly<Record<string, string | string[]>> = {},
): Promise<string> {
  const [method = "", path = ""] = asked.split(" ");
  const { answer, echo } = await askEcho(from, host, path, { method, headers });
  return echo === undefined ? `${answer.status} ${answer.headers["weft-error"]}` : `v${echo.version}`;
}

/** Makes a subtest of each case, with a sentence as its name. */
export async function checkCases(
  t: TestContext,
  from: SidecarUnderTest,
  cases: readonly Case[],
  host = "echo.mesh",
): Promise<void> {
  for (const [asked, ends, headers, why] of cases) {
    const fields = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`);
    const request = [asked.slice(0, 120), ...fields.map((field) => field.slice(0, 60))].join(", ");
    const reason = why === undefined ? "" : `: ${why}`;
    await t.test(`${request} ends at ${ends}${reason}`, async () =>
      assert.equal(await endOf(from, host, asked, headers), ends),
    );
  }
}

/** Backends of the service that most tests here call. */
export const to = (version: string, more: object = {}) => [{ name: "echo", version, ...more }];

export const onPath = (value: string, type = "PathPrefix"): object => ({ path: { type, value } });

/** A rule that sends what fits any of the matches to a version. */
export const rule = (version: string, ...matches: object[]): object => ({
  matches,
  backendRefs: to(version),
});

/** A mesh with these versions of `echo`, and a caller. */
export async function withVersions(mesh: RoutedMesh, ...versions: string[]) {
  const services = [];
  for (const version of versions) services.push(await mesh.echo("echo", version));
  return { services, shop: await mesh.caller() };
}

/** The findings of a route with this rule, as `code path`; nothing is applied. */
export async function refusals(mesh: RoutedMesh, ...rules: object[]): Promise<string[]> {
  const { status, body } = await mesh.post("apply", { resources: [route("echo", rules)] });
  assert.equal(status, 422, JSON.stringify(body));
  return body.findings.map(({ code, path }: { code: string; path: string }) => `${code} ${path}`);
}
