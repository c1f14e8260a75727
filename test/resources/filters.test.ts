import { test } from "node:test";
import { type Case, checkRules, path, times } from "./a-route.ts";

const filter = (type: string, field: string, settings: object): object => ({ type, [field]: settings });
const rewrite = (modifier: object): object => filter("URLRewrite", "urlRewrite", { path: modifier });
const redirect = (settings: object): object => filter("RequestRedirect", "requestRedirect", settings);
const mirror = (settings: object): object =>
  filter("RequestMirror", "requestMirror", { backendRef: { name: "copy" }, ...settings });
const set = (name: string, value = "v"): object => ({ set: [{ name, value }] });
const header = (settings: object): object =>
  filter("RequestHeaderModifier", "requestHeaderModifier", settings);

test("a filter has the field of its type and no other, and stands once", () => {
  const both = [redirect({}), rewrite({ type: "ReplaceFullPath", replaceFullPath: "/" })];
  checkRules([
    [{ filters: [mirror({}), mirror({})] }],
    [{ filters: [{ type: "URLRewrite" }] }, "invalid-value filters[0].urlRewrite"],
    [
      { filters: [{ type: "RequestRedirect", requestRedirect: {}, urlRewrite: {} }] },
      "invalid-value filters[0].urlRewrite",
    ],
    [{ filters: [header({}), header({})] }, "invalid-value filters[1].type"],
    [{ filters: both }, "invalid-value filters[1].type"],
    [{ backendRefs: [{ name: "a", filters: both }] }, "invalid-value backendRefs[0].filters[1].type"],
    [{ filters: times(17, () => mirror({})) }, "invalid-value filters"],
    [{ filters: [{ type: "Rewrite" }] }, "invalid-value filters[0].type"],
    [{ filters: [{ urlRewrite: {} }] }, "invalid-value filters[0].type"],
    [{ filters: [redirect({})], backendRefs: [{ name: "a" }] }, "invalid-value filters[0]"],
    [{ filters: [redirect({})], backendRefs: [] }],
  ]);
});

test("paths are replaced by paths, and a prefix only where one matched", () => {
  const prefix = rewrite({ type: "ReplacePrefixMatch", replacePrefixMatch: "/new" });
  const one = { path: { value: "/old" } };
  const at = "invalid-value filters[0].urlRewrite.path";
  checkRules([
    [{ filters: [prefix] }],
    [{ matches: [one], filters: [prefix] }],
    [{ matches: [one, one], filters: [prefix] }, `${at}.type`],
    [{ ...path("/old", "Exact"), filters: [prefix] }, `${at}.type`],
    [
      { matches: [one, one], backendRefs: [{ name: "a", filters: [prefix] }] },
      "invalid-value backendRefs[0].filters[0].urlRewrite.path.type",
    ],
    [
      {
        matches: [one, one],
        filters: [redirect({ path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/" } })],
      },
      "invalid-value filters[0].requestRedirect.path.type",
    ],
    [{ filters: [rewrite({ type: "ReplacePrefixMatch", replacePrefixMatch: "" })] }],
    [{ filters: [rewrite({ type: "ReplaceFullPath", replaceFullPath: "" })] }, `${at}.replaceFullPath`],
    [
      { filters: [rewrite({ type: "ReplaceFullPath", replaceFullPath: "/a\r\nx: y" })] },
      `${at}.replaceFullPath`,
    ],
    [{ filters: [rewrite({ type: "ReplaceFullPath" })] }, `${at}.replaceFullPath`],
    [
      { filters: [rewrite({ type: "ReplaceFullPath", replacePrefixMatch: "/a" })] },
      `${at}.replaceFullPath`,
      `${at}.replacePrefixMatch`,
    ],
  ]);
});

test("redirects have the statuses, schemes, hosts and ports of the standard", () => {
  const at = "invalid-value filters[0].requestRedirect";
  checkRules([
    ...[301, 302, 303, 307, 308].map((statusCode): Case => [{ filters: [redirect({ statusCode })] }]),
    [{ filters: [redirect({ statusCode: 304 })] }, `${at}.statusCode`],
    [{ filters: [redirect({ scheme: "ftp" })] }, `${at}.scheme`],
    [{ filters: [redirect({ hostname: "*.example.org" })] }, `${at}.hostname`],
    [{ filters: [redirect({ hostname: "a\r\nb" })] }, `${at}.hostname`],
    [{ filters: [redirect({ port: 0 })] }, `${at}.port`],
    [{ filters: [redirect({ port: "80" })] }, `${at}.port`],
  ]);
});

test("a mirror takes a percentage or a fraction", () => {
  const at = "invalid-value filters[0].requestMirror";
  const fraction = { numerator: 1, denominator: 1000 };
  checkRules([
    [{ filters: [mirror({ percent: 0 })] }],
    [{ filters: [mirror({ fraction })] }],
    [{ filters: [mirror({ percent: 0.5 })] }, `${at}.percent`],
    [{ filters: [mirror({ percent: 101 })] }, `${at}.percent`],
    [{ filters: [mirror({ percent: 1, fraction })] }, `${at}.fraction`],
    [{ filters: [mirror({ fraction: { numerator: 2, denominator: 1 } })] }, `${at}.fraction.numerator`],
    [{ filters: [mirror({ fraction: { numerator: 101 } })] }, `${at}.fraction.numerator`],
  ]);
});

test("header modifiers cannot touch what frames a message, the host or the mesh's own fields", () => {
  const at = "invalid-value filters[0].requestHeaderModifier";
  checkRules([
    [{ filters: [header({ ...set("X-A"), add: [{ name: "x-a", value: "v" }], remove: ["X-B"] })] }],
    ...["Host", "weft-caller", "Content-Length", "transfer-encoding", "Proxy-Anything", "connection"].map(
      (name): Case => [{ filters: [header(set(name))] }, `${at}.set[0].name`],
    ),
    [{ filters: [header({ remove: ["upgrade"] })] }, `${at}.remove[0]`],
    [{ filters: [header(set("x", "a\r\nb: c"))] }, `${at}.set[0].value`],
    [{ filters: [header(set("x", " padded"))] }, `${at}.set[0].value`],
    [{ filters: [header(set("x:y"))] }, `${at}.set[0].name`],
    [{ filters: [header({ remove: ["a", "A"] })] }, `${at}.remove[1]`],
    [
      {
        filters: [
          header({
            add: [
              { name: "a", value: "1" },
              { name: "A", value: "2" },
            ],
          }),
        ],
      },
      `${at}.add[1].name`,
    ],
  ]);
});
