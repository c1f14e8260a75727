import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { CertificateError, Certificates } from "../../../sidecar/gateway/certificates.ts";
import { outsideCa } from "../../support/gateway.ts";

test("a certificate is chosen by server name, and the first stands in for names of none", async (t) => {
  const ca = await outsideCa(t);
  const [a, b] = [await ca.files("a", "a.example.com"), await ca.files("b", "*.b.example.com")];
  const certificates = await Certificates.load([a, b], () => {});
  const first = certificates.context("a.example.com");
  assert.notEqual(certificates.context("x.b.example.com"), first);
  assert.notEqual(certificates.context("X.B.example.com"), first);
  assert.equal(certificates.context("b.example.com"), first);
  assert.equal(certificates.context("evil.org"), first);
});

test("new files are taken as soon as both fit together; until then what was there stays, and it is said once", async (t) => {
  const ca = await outsideCa(t);
  const files = await ca.files("a", "a.example.com");
  const said: string[] = [];
  let changes = 0;
  const certificates = await Certificates.load(
    [files],
    (level, message) => said.push(`${level}: ${message}`),
    () => changes++,
  );
  const before = certificates.context("a.example.com");
  await certificates.look();
  assert.deepEqual([changes, said.length], [0, 0]);

  const other = await ca.files("other", "a.example.com");
  writeFileSync(files.cert, "half a certificate");
  await certificates.look();
  await certificates.look();
  rmSync(files.key);
  await certificates.look();
  assert.equal(certificates.context("a.example.com"), before);
  assert.equal(changes, 0);
  assert.equal(said.length, 2);
  assert.match(said[0]!, /^warn: the certificate stays as it was: .*a\.pem holds no certificate in PEM/);
  assert.match(said[1]!, /a\.key cannot be read \(ENOENT\)/);

  await ca.files("a", "a.example.com");
  await certificates.look();
  assert.equal(changes, 1);
  assert.notEqual(certificates.context("a.example.com"), before);
  await assert.rejects(
    Certificates.load([{ cert: files.cert, key: other.key }], () => {}),
    (error) => error instanceof CertificateError && /is not the key of/.test(error.message),
  );
});
