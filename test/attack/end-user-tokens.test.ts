import assert from "node:assert/strict";
import { test } from "node:test";
import { testApp } from "../support/mesh.ts";
import { metricsOf, total, value } from "../support/metrics.ts";
import { askEcho, policy, routedMesh } from "../support/routed-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { hmacWith, rawToken, signingKey, tokenOf } from "../support/token-issuer.ts";
import { lines, wireTo } from "../support/wire.ts";

/*
 * Tokens of end users through a real mesh: what is refused never reaches the app, whoever sends it. What a token itself
 * may try is in token-forgery.test.ts.
 */

const key = signingKey("k1", "RS256");
const stranger = signingKey("k1");

const claims = (over: object = {}) => ({
  ...{ iss: "https://login.test", aud: "orders", sub: "ada" },
  ...{ exp: Math.floor(Date.now() / 1000) + 600, ...over },
});

for (const server of natsServers())
  test(`${server.label}: only a caller with a good token of its user reaches the app, which reads who that is`, async (t) => {
    const issuer = await testApp(t, (_, response) => response.end(JSON.stringify({ keys: [key.jwk] })));
    const uri = `http://127.0.0.1:${issuer.port}/jwks.json`;
    const mesh = await routedMesh(t, { server });
    const orders = await mesh.echo("orders");
    const shop = await mesh.caller();
    await mesh.apply(
      policy("orders", {
        authentication: {
          exempt: ["/healthz"],
          providers: [
            {
              ...{ name: "login", issuer: "https://login.test", audiences: ["orders"], jwks: { uri } },
              claimsToHeaders: [{ claim: "sub", header: "x-user" }],
            },
          ],
        },
      }),
    );
    const call = (headers: Record<string, string | string[]>, path = "/") =>
      askEcho(shop, "orders.mesh", path, { headers: headers as Record<string, string> });
    const bearer = (token: string) => ({
      authorization: `Bearer ${token}`,
      "x-user": "root",
      X_User: "root",
    });

    const good = await call(bearer(tokenOf(key, claims())));
    assert.equal(good.answer.status, 200);
    assert.equal(good.echo?.headers["x-user"], "ada");
    assert.equal(good.echo?.headers.x_user, undefined);
    assert.equal(good.echo?.headers.authorization, undefined);

    for (const body of ["", "5\r\nhello\r\n"]) {
      const wire = await wireTo(t, shop.listen);
      const { authorization } = bearer(tokenOf(key, claims()));
      const head = ["Host: orders.mesh", `Authorization: ${authorization}`, "Transfer-Encoding: chunked"];
      wire.send(lines("POST /trailers HTTP/1.1", ...head));
      wire.send(
        `${body}0\r\n${lines("x-user: root", "X_User: root", "Authorization: Bearer x", "X-Sum: 1")}`,
      );
      assert.match(await wire.head(), /^HTTP\/1\.1 200 /);
      const posted = orders.seen.at(-1)!;
      assert.deepEqual([posted.headers["x-user"], posted.trailers], ["ada", { "x-sum": "1" }]);
      wire.socket.destroy();
    }

    const healthy = await call({ "x-user": "root" }, "/healthz");
    assert.equal(healthy.answer.status, 200);
    assert.equal(healthy.echo?.headers["x-user"], undefined);

    const reached = orders.seen.length;
    const none = await call({});
    assert.equal(none.answer.status, 401);
    assert.equal(none.answer.headers["weft-error"], "unauthenticated");
    assert.equal(none.answer.headers["www-authenticate"], 'Bearer realm="orders"');
    const pem = key.publicKey.export({ format: "pem", type: "spki" });
    for (const [token, why] of [
      [tokenOf(key, claims({ aud: "payments" })), "the token is for somebody else"],
      [tokenOf(key, claims({ exp: 1 })), "the token has expired"],
      [
        rawToken({ alg: "none" }, claims(), () => Buffer.alloc(0)),
        "the algorithm of the token is not accepted here",
      ],
      [
        rawToken({ alg: "HS256", kid: "k1" }, claims(), hmacWith(pem)),
        "the algorithm of the token is not accepted here",
      ],
      [tokenOf(stranger, claims()), "no key of the issuer fits the token"],
    ] as const) {
      const { answer } = await call(bearer(token));
      assert.equal(answer.status, 401);
      assert.equal(
        answer.headers["www-authenticate"],
        `Bearer realm="orders", error="invalid_token", error_description="${why}"`,
      );
      assert.ok(answer.text.includes(why), answer.text);
      assert.ok(!answer.text.includes(token));
    }
    const twice = { authorization: ["a", "b"].map(() => `Bearer ${tokenOf(key, claims())}`) };
    assert.notEqual((await call(twice)).answer.status, 200);
    assert.equal(orders.seen.length, reached);

    const text = await metricsOf(orders.sidecar.admin!);
    assert.equal(total(text, "weft_tokens_total", { provider: "login", result: "accepted" }), 3);
    assert.equal(total(text, "weft_tokens_total", { provider: "login", result: "algorithm" }), 2);
    assert.equal(total(text, "weft_tokens_total", { result: "missing" }), 1);
    assert.ok(value(text, "weft_jwks_age_seconds", { provider: "login" })! < 60);
  });
