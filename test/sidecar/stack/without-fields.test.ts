import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutFields } from "../../../sidecar/stack/without-fields.ts";

test("fields are removed however their names are spelt, and no others", () => {
  const clean = withoutFields(["x-user", "X-User-Id"]);
  const block =
    "Host: a\r\nX-USER: 1\r\nx_user: 2\r\nx-user-id: 3\r\nx_user-ID : 4\r\nx-users: 5\r\nax-user: 6\r\n";
  assert.equal(clean(block), "Host: a\r\nx-users: 5\r\nax-user: 6\r\n");
  assert.equal(withoutFields([])(block), block);
  assert.equal(withoutFields(["a.b"])("axb: 1\r\na.b: 2\r\n"), "axb: 1\r\n");
});
