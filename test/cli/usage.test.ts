import assert from "node:assert/strict";
import { after, test } from "node:test";
import { VERBS } from "../../src/cli/verbs.ts";
import { Weft } from "./weft.ts";

const weft = new Weft();
after(() => weft.close());

test("every verb has help with an example", async () => {
  const verbs = Object.keys(VERBS).map((verb) => (verb === "broker" ? ["broker", "config"] : [verb]));
  const helps = await Promise.all(verbs.map((verb) => weft.run([...verb, "--help"])));
  for (const [i, { code, stdout }] of helps.entries()) {
    assert.equal(code, 0, verbs[i]!.join(" "));
    assert.match(stdout, new RegExp(`Examples?:\\n +(?:\\S+ )?weft ${verbs[i]!.join(" ")}`));
  }
  const help = await weft.run(["help", "run"]);
  assert.match(help.stdout, /--kill-after/);
});

test("wrong usage ends with 2, says what is wrong and where to look, and guesses what was meant", async () => {
  const cases: [string[], RegExp][] = [
    [["cal"], /unknown command 'cal'\n +Did you mean call\?/],
    [
      ["get", "services", "--regisry", "x"],
      /unknown option '--regisry'\n +Did you mean --registry\? see weft help get/,
    ],
    [["get", "stuff"], /Allowed choices are services, instances/],
    [["run", "orders", "--version", "1", "--port", "x", "--", "true"], /1 to 65535/],
    [["run", "orders", "--version", "1.2", "--port", "1", "--", "true"], /for example "1-2"/],
    [["run", "orders", "--version", "1", "--port", "1"], /missing required argument 'command'/],
    [
      ["run", "orders", "--version", "1", "--port", "1", "--drain", "soon", "--", "true"],
      /duration such as 250ms/,
    ],
    [["run", "orders", "--port", "1", "--", "true"], /required option '--version <name>' not specified/],
    [["sidecar", "x", "--app", "8080"], /which version of x is the app\?\n +give --version NAME/],
    [
      ["explain", "a".repeat(5000)],
      /no request id: one has 1 to \d+ printable characters\n +give the x-request/,
    ],
    [["explain", "a\nb"], /"a\\nb" is no request id/],
    [["explain", ""], /"" is no request id/],
    [["sidecar", "x", "--version", "1", "--listen", "0.0.0.0:1"], /of this machine alone/],
    [["sidecar", "x", "--version", "1", "--upstream", "orders"], /SERVICE=ADDRESS/],
    [["sidecar", "x", "--version", "1", "--app", "https://x:1"], /plain HTTP to its app/],
    [["token", "registry"], /a name of the mesh itself/],
    [["token", "x", "--uses", "0"], /from 1 on/],
  ];
  const done = await Promise.all(cases.map(([args]) => weft.run(args)));
  for (const [i, { code, stdout, stderr }] of done.entries()) {
    assert.deepEqual([code, stdout], [2, ""], cases[i]![0].join(" "));
    assert.match(stderr, cases[i]![1]);
    assert.doesNotMatch(stderr, /^ +at /m);
  }
  assert.equal((await weft.run([])).code, 2);
  assert.match((await weft.run(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
});

test("colour is for terminals, and off where NO_COLOR is set", async () => {
  const { painter } = await import("../../src/cli/terminal.ts");
  const before = { ...process.env };
  delete process.env.NO_COLOR;
  process.env.TERM = "xterm";
  assert.equal(painter({ isTTY: true })("red", "x"), "\u001b[31mx\u001b[0m");
  assert.equal(painter({})("red", "x"), "x");
  process.env.NO_COLOR = "1";
  assert.equal(painter({ isTTY: true })("red", "x"), "x");
  process.env = before;
});
