import assert from "node:assert/strict";
import { test } from "node:test";
import { cookieValue } from "../../../sidecar/http/cookie.ts";

test("a cookie is found by its whole name, in its case, among the others", () => {
  const headers = "Host: a\r\nCookie: a=1; session=x y=z;Session=2; b\r\n";
  assert.equal(cookieValue(headers, "session"), "x y=z");
  assert.equal(cookieValue(headers, "Session"), "2");
  assert.equal(cookieValue(headers, "a"), "1");
  for (const name of ["sess", "y", "b", "ession", "host"])
    assert.equal(cookieValue(headers, name), undefined, name);
  assert.equal(cookieValue("Host: a\r\n", "a"), undefined);
});

test("of several cookies of one name the first counts, also on several lines", () => {
  assert.equal(cookieValue("cookie: b=0; a=1; a=2\r\nX: y\r\nCOOKIE: a=3; c=4\r\n", "a"), "1");
  assert.equal(cookieValue("cookie: b=0\r\nX: y\r\nCOOKIE: a=3; c=4\r\n", "c"), "4");
});

test("quotes belong to the value, and a value may be empty", () => {
  assert.equal(cookieValue('Cookie: a="1"; b=\r\n', "a"), '"1"');
  assert.equal(cookieValue('Cookie: a="1"; b=\r\n', "b"), "");
});
