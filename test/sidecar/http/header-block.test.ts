import assert from "node:assert/strict";
import { test } from "node:test";
import {
  appendToField,
  fieldValue,
  fieldValues,
  fieldValuesLike,
  findField,
  removeField,
  setField,
} from "../../../sidecar/http/header-block.ts";

const block = "Host: a\r\nX-Via:b\r\nVIA: \t1.1 c \r\nvia: 1.1 d\r\nx_y~1: z\r\nEmpty:\r\n";

test("a field is found by name in any case, and only as a whole name", () => {
  assert.equal(fieldValue(block, "host"), "a");
  assert.equal(fieldValue(block, "via"), "1.1 c");
  assert.equal(fieldValue(block, "x_y~1"), "z");
  assert.equal(fieldValue(block, "empty"), "");
  assert.equal(fieldValue(block, "ia"), undefined);
  assert.equal(fieldValue(block, "x_y^1"), undefined);
  assert.equal(findField("", "host"), -1);
  assert.deepEqual(fieldValues(block, "via"), ["1.1 c", "1.1 d"]);
});

test("fields of one name in any spelling that CGI makes one are found, in their order", () => {
  const mixed = "X-App-Role: a\r\nx_app_role:b\r\nX-APP_role: \tc \r\nx-app-roles: d\r\nx app-role: e\r\n";
  assert.deepEqual(fieldValuesLike(mixed, "x-app-role"), ["a", "b", "c"]);
  assert.deepEqual(fieldValuesLike(mixed, "x_app_role"), ["a", "b", "c"]);
  assert.deepEqual(fieldValuesLike("", "x"), []);
  assert.deepEqual(fieldValuesLike("a: x-app-role: 1\r\n", "x-app-role"), []);
});

test("a field is removed with all its lines, and nothing else changes", () => {
  assert.equal(removeField(block, "via"), "Host: a\r\nX-Via:b\r\nx_y~1: z\r\nEmpty:\r\n");
  assert.equal(removeField(block, "none"), block);
  assert.equal(removeField("Via: 1\r\n", "via"), "");
});

test("a field is set in its place and spelling, once", () => {
  assert.equal(
    setField("A: 1\r\nHOST: x\r\nB: 2\r\nhost: y\r\n", "host", "z"),
    "A: 1\r\nHOST: z\r\nB: 2\r\n",
  );
  assert.equal(setField("A: 1\r\n", "host", "z"), "A: 1\r\nhost: z\r\n");
});

test("a member is appended to the last line of its list, else as a new line", () => {
  assert.equal(
    appendToField("Via: 1.1 a\r\nvia: 1.1 b\r\nC: d\r\n", "via", "1.1 w"),
    "Via: 1.1 a\r\nvia: 1.1 b,1.1 w\r\nC: d\r\n",
  );
  assert.equal(appendToField("", "via", "1.1 w"), "via: 1.1 w\r\n");
  assert.equal(appendToField("Via:\r\n", "via", "1.1 w"), "Via: 1.1 w\r\n");
});
