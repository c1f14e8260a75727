import assert from "node:assert/strict";
import { test } from "node:test";
import { headerChange } from "../../../sidecar/http/modify-headers.ts";

const add = (name: string, value: string) => headerChange({ add: [{ name, value }] });
const set = (name: string, value: string) => headerChange({ set: [{ name, value }] });
const remove = (...names: string[]) => headerChange({ remove: names });

// The cases of the conformance suite: httproute-request-header-modifier.go.
test("set replaces every line of a field by one, or adds it as it is spelled", () => {
  assert.equal(set("X-Set", "new")("Other: val\r\n"), "Other: val\r\nX-Set: new\r\n");
  assert.equal(set("X-Set", "new")("x-set: a\r\nOther: val\r\nX-SET: b\r\n"), "x-set: new\r\nOther: val\r\n");
});

test("add appends to the values that are there, with a comma as the standard shows it", () => {
  assert.equal(add("X-Add", "more")("Other: val\r\n"), "Other: val\r\nX-Add: more\r\n");
  assert.equal(add("X-Add", "more")("x-add: some\r\nOther: val\r\n"), "x-add: some,more\r\nOther: val\r\n");
  assert.equal(add("my-header", "bar,baz")("my-header: foo\r\n"), "my-header: foo,bar,baz\r\n");
  assert.equal(add("x-add", "more")("X-Add:\r\n"), "X-Add: more\r\n");
});

test("a cookie that is set has a line of its own, and one that is sent joins the others", () => {
  assert.equal(
    add("Set-Cookie", "b=2; Path=/")("set-cookie: a=1\r\nOther: val\r\n"),
    "set-cookie: a=1\r\nOther: val\r\nSet-Cookie: b=2; Path=/\r\n",
  );
  assert.equal(add("cookie", "b=2")("Cookie: a=1\r\n"), "Cookie: a=1; b=2\r\n");
});

test("remove takes every line of a field away, and no other", () => {
  assert.equal(
    remove("X-Remove", "none")("X-REMOVE: a\r\nX-Remove-2: b\r\nx-remove: c\r\n"),
    "X-Remove-2: b\r\n",
  );
});

test("several changes are made at once: set, add, remove", () => {
  const change = headerChange({
    set: [
      { name: "X-Header-Set-1", value: "set-1" },
      { name: "X-Header-Set-2", value: "set-2" },
    ],
    add: [
      { name: "X-Header-Add-1", value: "add-1" },
      { name: "X-Header-Add-2", value: "add-2" },
    ],
    remove: ["X-Header-Remove-1", "X-Header-Remove-2"],
  });
  assert.equal(
    change("X-Header-Set-2: a\r\nx-header-add-2: b\r\nX-Header-Remove-2: c\r\nAnother: d\r\n"),
    "X-Header-Set-2: set-2\r\nx-header-add-2: b,add-2\r\nAnother: d\r\nX-Header-Set-1: set-1\r\nX-Header-Add-1: add-1\r\n",
  );
  assert.equal(headerChange({})("A: 1\r\n"), "A: 1\r\n");
});
