import assert from "node:assert/strict";
import { test } from "node:test";
import { namesLoopback } from "../../../src/registry/http/loopback.ts";

test("names of this machine itself are loopback, all others are not", () => {
  for (const host of [
    "localhost",
    "localhost:80",
    "LOCALHOST:1",
    "127.0.0.1:7070",
    "127.1.2.3",
    "[::1]:7070",
    "[::1]",
  ])
    assert.ok(namesLoopback(host), host);
  const others = [
    undefined,
    "",
    "example.com",
    "localhost.example.com",
    "127.0.0.1.example.com",
    "127.0.0.1:80:80",
    "0.0.0.0",
    "10.0.0.1:80",
    "[::2]",
    "::1",
    "localhost@example.com",
    "localhost:x",
  ];
  for (const host of others) assert.ok(!namesLoopback(host), host);
});
