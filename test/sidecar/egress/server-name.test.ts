import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { connect } from "node:tls";
import { serverNameOf } from "../../../sidecar/egress/server-name.ts";

/** The first flight of a real client. */
function helloFor(servername: string): Promise<Buffer> {
  return new Promise((resolve) => {
    const server = createServer((socket) =>
      socket.once("data", (bytes) => {
        resolve(bytes);
        socket.destroy();
        server.close();
      }),
    ).listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      connect({ host: "127.0.0.1", port, servername }).on("error", () => {});
    });
  });
}

/** The same message in records of so many bytes. */
function inRecords(hello: Buffer, bytes: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += bytes) {
    const part = message.subarray(at, at + bytes);
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part);
  }
  return Buffer.concat(records);
}

test("the server name of a real ClientHello is read, whole, in parts, and in many records", async () => {
  const hello = await helloFor("Api.example.com");
  assert.deepEqual(serverNameOf(hello), { name: "api.example.com" });
  assert.deepEqual(serverNameOf(Buffer.concat([hello, Buffer.from("more")])), { name: "api.example.com" });
  for (let length = 0; length < hello.length; length++)
    assert.equal(serverNameOf(hello.subarray(0, length)), "more", String(length));
  for (const bytes of [1, 3, 50, 100]) {
    const parts = inRecords(hello, bytes);
    assert.deepEqual(serverNameOf(parts), { name: "api.example.com" }, String(bytes));
    assert.equal(serverNameOf(parts.subarray(0, parts.length - 1)), "more");
  }
});

test("what is no TLS, or names no host, has no name; what is neither is malformed, and nothing throws", async () => {
  assert.equal(serverNameOf(Buffer.from("GET / HTTP/1.1\r\n")), "none");
  assert.equal(serverNameOf(await helloFor("")), "none");
  assert.equal(serverNameOf(Buffer.from([22, 3, 1, 0, 0])), "malformed");
  assert.equal(serverNameOf(Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])), "malformed");
  assert.equal(serverNameOf(Buffer.from([22, 3, 1, 0, 4, 1, 255, 255, 255])), "malformed");
  const hello = await helloFor("a.example.com");
  for (let at = 5; at < hello.length; at++)
    for (const value of [0, 255]) {
      const spoilt = Buffer.from(hello);
      spoilt[at] = value;
      serverNameOf(spoilt);
    }
});
