#!/usr/bin/env node
/* `weft` straight from a checkout: makes it ready when it is not, then runs it. */
import { fileURLToPath } from "node:url";
import { prepareOrExit } from "../setup/prepare.mjs";

await prepareOrExit();
const program = new URL("../../dist/weft.js", import.meta.url);
// Child processes of weft start the built program itself.
process.argv[1] = fileURLToPath(program);
await import(program.href);
