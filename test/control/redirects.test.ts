import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { at, full, matching, prefix, redirect, regex, tell } from "./analyse-scene.ts";
import { aRoute } from "./editor-scene.ts";

describe("circles of redirects", () => {
  const CIRCLES: readonly (readonly [string, readonly object[]])[] = [
    ["to itself", [aRoute("a", { rule: redirect({ statusCode: 301 }) })]],
    ["to a path that it takes too", [aRoute("a", { rule: redirect(full("/old/new"), [at("/old")]) })]],
    ["that makes the path longer each time", [aRoute("a", { rule: redirect(prefix("/new"), [at("/")]) })]],
    ["to its own name", [aRoute("a", { rule: redirect({ hostname: "orders.mesh" }) })]],
    ["to another port, which it takes too", [aRoute("a", { rule: redirect({ port: 8080 }) })]],
    [
      "over two rules",
      [
        aRoute("a", { rule: redirect(full("/b"), [at("/a")]) }),
        aRoute("b", { rule: redirect(full("/a"), [at("/b")]) }),
      ],
    ],
    [
      "over two services",
      [
        aRoute("a", { rule: redirect({ hostname: "billing.mesh" }) }),
        aRoute("b", { service: "billing", rule: redirect({ hostname: "orders.mesh" }) }),
      ],
    ],
    [
      "with conditions",
      [
        aRoute("a", {
          rule: redirect({}, [
            at("/", {
              method: "POST",
              headers: [{ name: "x", value: "1" }],
              queryParams: [{ name: "q", value: "a b" }],
            }),
          ]),
        }),
      ],
    ],
    [
      "of a regular expression that takes the path it gives itself",
      [aRoute("a", { rule: redirect(full("/rr"), [regex("/r.*")]) })],
    ],
    [
      "of one caller",
      [aRoute("a", { rule: redirect({}, [at("/", { headers: [{ name: "weft-caller", value: "web" }] })]) })],
    ],
  ];
  for (const [what, routes] of CIRCLES)
    test(`a circle ${what} is told once`, async () => {
      const told = await tell(routes);
      assert.deepEqual(told, ["redirect-cycle 0 spec.rules[0].matches[0]"]);
    });

  const STRAIGHT: readonly (readonly [string, readonly object[]])[] = [
    ["to another path", [aRoute("a", { rule: redirect(full("/new"), [at("/old")]) })]],
    ["to another host", [aRoute("a", { rule: redirect({ hostname: "example.com" }) })]],
    [
      "of a regular expression to another path",
      [aRoute("a", { rule: redirect(full("/s"), [regex("/r.*")]) })],
    ],
    ["to https", [aRoute("a", { rule: redirect({ scheme: "https" }) })]],
    [
      "to a port that no route is for",
      [aRoute("a", { parent: { port: 80 }, rule: redirect({ port: 8080 }) })],
    ],
    [
      "that another rule takes first",
      [aRoute("a", { rule: redirect(full("/old/in"), [at("/old")]) }), aRoute("b", { path: "/old/in" })],
    ],
    [
      "that a regular expression takes first",
      [
        aRoute("a", { rule: redirect(full("/old/7"), [at("/old")]) }),
        aRoute("b", matching(regex("/old/[0-9]+"))),
      ],
    ],
    [
      "of two callers to each other's path",
      [
        aRoute("a", {
          rule: redirect(full("/b"), [at("/a", { headers: [{ name: "weft-caller", value: "web" }] })]),
        }),
        aRoute("b", {
          rule: redirect(full("/a"), [at("/b", { headers: [{ name: "weft-caller", value: "billing" }] })]),
        }),
      ],
    ],
    ["that takes something away", [aRoute("a", { rule: redirect(prefix("/"), [at("/a")]) })]],
  ];
  for (const [what, routes] of STRAIGHT)
    test(`a redirect ${what} is none`, async () => {
      assert.deepEqual(await tell(routes), []);
    });
});
