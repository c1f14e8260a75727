import assert from "node:assert/strict";
import { test } from "node:test";
import { askEcho, type RoutedMesh, route, routedMesh } from "../../support/routed-mesh.ts";
import { newestServer } from "../../support/servers.ts";
import { onPath, refusals, to } from "./cases.ts";

type Fields = Readonly<Record<string, string>>;
const list = (fields: Fields) => Object.entries(fields).map(([name, value]) => ({ name, value }));

interface Changes {
  readonly set?: Fields;
  readonly add?: Fields;
  readonly remove?: readonly string[];
}
const modifier = ({ set = {}, add = {}, remove = [] }: Changes) => ({
  set: list(set),
  add: list(add),
  remove,
});
const ofRequest = (changes: Changes) => ({
  type: "RequestHeaderModifier",
  requestHeaderModifier: modifier(changes),
});
const ofAnswer = (changes: Changes) => ({
  type: "ResponseHeaderModifier",
  responseHeaderModifier: modifier(changes),
});

const MULTIPLE: Changes = {
  set: { "X-Set-1": "one", "X-Set-2": "two" },
  add: { "X-Add-1": "one", "X-Add-2": "two", "x-mixed-CASE": "three" },
  remove: ["X-Remove-1", "X-Remove-2"],
};

/** What is sent, and what of it arrives; undefined for what must not be there. */
interface Change {
  readonly what: string;
  readonly path: string;
  readonly sent: Fields;
  readonly arrives: Readonly<Record<string, string | undefined>>;
}
const changes: readonly Change[] = [
  {
    what: "set writes a field that is not there, and leaves others alone",
    path: "/set",
    sent: { "Some-Other": "val" },
    arrives: { "x-set": "new", "some-other": "val" },
  },
  {
    what: "set overwrites one that is there",
    path: "/set",
    sent: { "X-Set": "old" },
    arrives: { "x-set": "new" },
  },
  {
    what: "add writes a field that is not there",
    path: "/add",
    sent: { other: "val" },
    arrives: { "x-add": "more", other: "val" },
  },
  {
    what: "add puts its value behind one that is there",
    path: "/add",
    sent: { "X-Add": "old" },
    arrives: { "x-add": "old,more" },
  },
  {
    what: "remove takes fields away, in any case",
    path: "/remove",
    sent: { "x-REMOVE": "val", "x-remove-not": "val" },
    arrives: { "x-remove": undefined, "x-remove-not": "val" },
  },
  {
    what: "one filter sets, adds and removes several",
    path: "/multiple",
    sent: { "x-set-2": "old", "x-add-2": "old", "x-remove-2": "old", another: "val" },
    arrives: {
      ...{ "x-set-1": "one", "x-set-2": "two", "x-add-1": "one", "x-add-2": "old,two" },
      ...{ "x-mixed-case": "three", "x-remove-1": undefined, "x-remove-2": undefined, another: "val" },
    },
  },
];

const byPath: readonly (readonly [path: string, changes: Changes])[] = [
  ["/set", { set: { "X-Set": "new" } }],
  ["/add", { add: { "X-Add": "more" } }],
  ["/remove", { remove: ["X-Remove"] }],
  ["/multiple", MULTIPLE],
];

/** Values of a list are the same with and without blanks between them (RFC 9110 §5.6.1). */
const tight = (value: string | string[] | undefined) => value?.toString().replace(/, /g, ",");

function check(found: NodeJS.Dict<string | string[]>, arrives: Change["arrives"]): void {
  for (const [name, value] of Object.entries(arrives)) assert.equal(tight(found[name]), value, name);
}

/** An echo service whose app answers with the fields that the request names in `answer-with`. */
const mirroring = (mesh: RoutedMesh, version: string) =>
  mesh.echo("echo", version, ({ headers }) => JSON.parse(headers["answer-with"]?.toString() ?? "{}"));

test("header fields are changed on the way there and on the way back", async (t) => {
  const mesh = await routedMesh(t, { server: newestServer() });
  for (const version of ["1", "2"]) await mirroring(mesh, version);
  const shop = await mesh.caller();
  const rulesOf = (filter: typeof ofRequest | typeof ofAnswer, where: "rule" | "backend") =>
    byPath.map(([path, changes]) => {
      const filters = [filter(changes)];
      return where === "rule"
        ? { matches: [onPath(path)], filters, backendRefs: to("1") }
        : { matches: [onPath(path)], backendRefs: to("1", { filters }) };
    });

  for (const where of ["rule", "backend"] as const) {
    await t.test(`of requests, by a filter of the ${where}`, async (t) => {
      await mesh.apply(route("echo", rulesOf(ofRequest, where)));
      for (const { what, path, sent, arrives } of changes)
        await t.test(what, async () => {
          const { echo } = await askEcho(shop, "echo.mesh", path, { headers: sent });
          check(echo!.headers, arrives);
        });
    });
    await t.test(`of answers, by a filter of the ${where}`, async (t) => {
      await mesh.apply(route("echo", rulesOf(ofAnswer, where)));
      for (const { what, path, sent, arrives } of changes)
        await t.test(what, async () => {
          const headers = { "answer-with": JSON.stringify(sent) };
          const { answer, echo } = await askEcho(shop, "echo.mesh", path, { headers });
          check(answer.headers, arrives);
          assert.equal(echo!.path, path);
        });
    });
  }

  await t.test("both ways in one rule, and those of the rule before those of the backend", async () => {
    await mesh.apply(
      route("echo", [
        {
          filters: [
            ofRequest({ set: { from: "rule" }, add: { list: "rule" } }),
            ofAnswer({ set: { from: "rule" }, add: { list: "rule" } }),
          ],
          backendRefs: to("1", {
            filters: [
              ofRequest({ set: { from: "backend" }, add: { list: "backend" } }),
              ofAnswer({ set: { from: "backend" }, add: { list: "backend" } }),
            ],
          }),
        },
      ]),
    );
    const { answer, echo } = await askEcho(shop, "echo.mesh", "/");
    check(echo!.headers, { from: "backend", list: "rule,backend" });
    check(answer.headers, { from: "rule", list: "backend,rule" });
  });

  await t.test("the changes of a backend are for the calls that go to it", async () => {
    const marked = (version: string) => to(version, { filters: [ofRequest({ set: { backend: version } })] });
    await mesh.apply(route("echo", [{ backendRefs: [...marked("1"), ...marked("2")] }]));
    const calls = await Promise.all(Array.from({ length: 60 }, () => askEcho(shop, "echo.mesh")));
    const versions = calls.map(({ echo }) => echo!.version);
    assert.deepEqual(
      calls.map(({ echo }) => echo!.headers.backend),
      versions,
    );
    assert.deepEqual([...new Set(versions)].sort(), ["1", "2"]);
  });

  await t.test("an answer that the mesh makes itself is left as it is", async () => {
    await mesh.apply(route("echo", [{ filters: [ofAnswer({ set: { from: "rule" } })] }]));
    const { answer } = await askEcho(shop, "echo.mesh");
    assert.equal(answer.headers["weft-error"], "no-backend");
    assert.equal(answer.headers.from, undefined);
  });

  await t.test("fields that frame a message, the mesh's own and broken lines are refused", async (t) => {
    const at = (field: string, rest: string) => `spec.rules[0].filters[0].${field}.${rest}`;
    const refused: readonly (readonly [changes: Changes, where: string])[] = [
      [{ set: { a: "1\r\nweft-caller: admin" } }, "set[0].value"],
      [{ add: { a: "1\nb: 2" } }, "add[0].value"],
      [{ set: { a: "1\rb" } }, "set[0].value"],
      [{ set: { a: "nul\0" } }, "set[0].value"],
      [{ set: { "a: 1\r\nb": "2" } }, "set[0].name"],
      [{ set: { "a b": "2" } }, "set[0].name"],
      [{ remove: ["a\r\n"] }, "remove[0]"],
      [{ set: { "weft-caller": "admin" } }, "set[0].name"],
      [{ add: { "Weft-Timeout": "1s" } }, "add[0].name"],
      [{ remove: ["weft-error"] }, "remove[0]"],
      [{ set: { "Content-Length": "0" } }, "set[0].name"],
      [{ add: { "Transfer-Encoding": "chunked" } }, "add[0].name"],
      [{ remove: ["connection"] }, "remove[0]"],
      [{ set: { Host: "other" } }, "set[0].name"],
    ];
    for (const [changes, where] of refused)
      await t.test(JSON.stringify(changes), async () => {
        for (const [filter, field] of [
          [ofRequest, "requestHeaderModifier"],
          [ofAnswer, "responseHeaderModifier"],
        ] as const)
          assert.deepEqual(await refusals(mesh, { filters: [filter(changes)], backendRefs: to("1") }), [
            `invalid-value ${at(field, where)}`,
          ]);
      });
  });
});
