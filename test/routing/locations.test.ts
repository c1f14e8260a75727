import assert from "node:assert/strict";
import { test } from "node:test";
import type { PathModifier, RequestRedirect } from "../../src/resources/filter.ts";
import { redirectLocation } from "../../src/routing/location.ts";
import { modifiedPath } from "../../src/routing/paths.ts";

const prefixTo = (replacePrefixMatch: string): PathModifier => ({
  type: "ReplacePrefixMatch",
  replacePrefixMatch,
});
const fullTo = (replaceFullPath: string): PathModifier => ({ type: "ReplaceFullPath", replaceFullPath });

test("a prefix is replaced as the table of HTTPPathModifier says", () => {
  for (const [path, matched, replacement, modified] of [
    ["/foo/bar", "/foo", "/xyz", "/xyz/bar"],
    ["/foo/bar", "/foo", "/xyz/", "/xyz/bar"],
    ["/foo/bar", "/foo/", "/xyz", "/xyz/bar"],
    ["/foo/bar", "/foo/", "/xyz/", "/xyz/bar"],
    ["/foo", "/foo", "/xyz", "/xyz"],
    ["/foo/", "/foo", "/xyz", "/xyz/"],
    ["/foo/bar", "/foo", "", "/bar"],
    ["/foo/", "/foo", "", "/"],
    ["/foo", "/foo", "", "/"],
    ["/foo/", "/foo", "/", "/"],
    ["/foo", "/foo", "/", "/"],
  ] as const)
    assert.equal(
      modifiedPath(prefixTo(replacement), path, matched),
      modified,
      `${path} ${matched} ${replacement}`,
    );
});

test("what the table does not say of prefixes", () => {
  assert.equal(modifiedPath(prefixTo("/xyz"), "/foo/bar", "/"), "/xyz/foo/bar", "the prefix of all paths");
  assert.equal(modifiedPath(prefixTo("/xyz"), "/", "/"), "/xyz/");
  assert.equal(modifiedPath(prefixTo("/"), "/foo", "/"), "/foo");
  assert.equal(modifiedPath(prefixTo("/a/b"), "/foo//bar/", "/foo"), "/a/b//bar/", "nothing else is tidied");
  assert.equal(modifiedPath(prefixTo("/xyz"), "/foo", "/foo/"), "/xyz");
});

test("a full path is replaced, whatever was matched", () => {
  assert.equal(modifiedPath(fullTo("/new"), "/old/path", "/old"), "/new");
  assert.equal(modifiedPath(fullTo("new"), "/old/path", "/"), "/new");
});

test("the asterisk of OPTIONS is no path, and stays", () => {
  assert.equal(modifiedPath(prefixTo("/xyz"), "*", "/"), "*");
  assert.equal(modifiedPath(fullTo("/xyz"), "*", "/"), "*");
});

const redirect = (
  part: Partial<RequestRedirect>,
  target = "/path",
  port?: number,
  matched = "/path",
): string => {
  const [path, query = ""] = target.split("?");
  const url = { scheme: "http", hostname: "echo.mesh", port, path: path!, query } as const;
  return redirectLocation({ statusCode: 302, ...part }, url, matched);
};

// The cases of the conformance suite: mesh/httproute-redirect-*.go and httproute-redirect-port-and-scheme.go.
test("a redirect changes the host, and keeps what it does not name", () => {
  assert.equal(
    redirect({ hostname: "example.org" }, "/hostname-redirect"),
    "http://example.org/hostname-redirect",
  );
  assert.equal(redirect({}, "/temporary"), "http://echo.mesh/temporary");
  assert.equal(
    redirect({ hostname: "example.org" }, "/a?b=c&d"),
    "http://example.org/a?b=c&d",
    "with its query",
  );
});

test("a redirect changes the path", () => {
  const path = prefixTo("/replacement-prefix");
  const to = (part: Partial<RequestRedirect>, target: string, matched: string) =>
    redirect(part, target, undefined, matched);
  assert.equal(
    to({ path }, "/original-prefix/lemon", "/original-prefix"),
    "http://echo.mesh/replacement-prefix/lemon",
  );
  assert.equal(
    to({ path: fullTo("/full-path-replacement") }, "/full/path/original", "/full"),
    "http://echo.mesh/full-path-replacement",
  );
  assert.equal(
    to({ hostname: "example.org", path }, "/path-and-host", "/path-and-host"),
    "http://example.org/replacement-prefix",
  );
  assert.equal(
    to(
      { hostname: "example.org", path: fullTo("/replacement-full") },
      "/full-path-and-host?q",
      "/full-path-and-host",
    ),
    "http://example.org/replacement-full?q",
  );
});

test("a redirect changes port and scheme; a port that the scheme has anyway is not written", () => {
  const hostname = "example.org";
  for (const [part, port, location] of [
    [{}, undefined, "http://example.org/path"],
    [{}, 80, "http://example.org/path"],
    [{}, 8080, "http://example.org:8080/path"],
    [{ port: 80 }, undefined, "http://example.org/path"],
    [{ port: 80 }, 8080, "http://example.org/path"],
    [{ port: 8083 }, undefined, "http://example.org:8083/path"],
    [{ port: 443 }, undefined, "http://example.org:443/path"],
    [{ scheme: "https" }, undefined, "https://example.org/path"],
    [{ scheme: "https" }, 8080, "https://example.org/path"],
    [{ scheme: "https", port: 443 }, 8080, "https://example.org/path"],
    [{ scheme: "https", port: 8443 }, undefined, "https://example.org:8443/path"],
    [{ scheme: "https", port: 80 }, undefined, "https://example.org:80/path"],
    [{ scheme: "http" }, 8080, "http://example.org/path"],
    [{ scheme: "http", port: 8080 }, undefined, "http://example.org:8080/path"],
  ] as const)
    assert.equal(redirect({ hostname, ...part }, "/path", port), location, JSON.stringify([part, port]));
});

test("a path of two slashes names no other host", () => {
  assert.equal(redirect({}, "//evil.org/x"), "http://echo.mesh//evil.org/x");
  assert.equal(new URL(redirect({}, "//evil.org/x")).hostname, "echo.mesh");
});

test("a request about the server as a whole is sent to the server as a whole", () => {
  assert.equal(redirect({ hostname: "example.org" }, "*"), "http://example.org");
});
