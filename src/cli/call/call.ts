import type { IncomingMessage } from "node:http";
import { pipeline } from "node:stream/promises";
import { joinMesh } from "../../../sidecar/join.ts";
import type { Address } from "../../../sidecar/options.ts";
import { startSidecar } from "../../../sidecar/sidecar.ts";
import { isToken } from "../../subjects/token.ts";
import { Fault, UsageFault } from "../fault.ts";
import { sayOnStderr } from "../terminal.ts";
import { tokenSource } from "../token-source.ts";
import type { CallFlags } from "../verbs/call.ts";
import { planRequest } from "./request.ts";
import { send } from "./send.ts";

/** As curl's, for a status of 400 or more with -f. */
const HTTP_ERROR = 22;

/** Makes one call and prints its answer. @returns the exit code */
export async function call(service: string, path: string, flags: CallFlags): Promise<number> {
  const planned = planRequest(hostOf(service), path, flags);
  // `weft call … | head` is no failure.
  process.stdout.on("error", () => process.exit(0));
  const way = flags.via ? { address: flags.via, close: async () => {} } : await ownSidecar(flags);
  try {
    const response = await send(way.address, planned);
    if (flags.verbose) {
      process.stderr.write(headText("> ", planned.head, planned.headers));
      process.stderr.write(headText("< ", statusLine(response), response.rawHeaders));
    }
    return await print(response, flags);
  } finally {
    await way.close();
  }
}

function hostOf(service: string): string {
  const name = service.replace(/\.mesh$/, "");
  const labels = name.split(".");
  const [version] = labels.length === 2 ? labels.splice(0, 1) : [];
  if (
    labels.length === 1 &&
    isToken(labels[0]!) &&
    (version === undefined || (isToken(version) && version.startsWith("v")))
  )
    return `${name}.mesh`;
  throw new UsageFault(
    `${JSON.stringify(service)} is not a service`,
    "give its name, such as orders, or v2.orders for version 2",
  );
}

/** A pure caller for this one call. */
async function ownSidecar({ state, as }: CallFlags): Promise<{ address: Address; close(): Promise<void> }> {
  const who = { service: as, version: "1" };
  const { identity, bus, close } = await joinMesh({
    ...tokenSource({ state }, as),
    ...who,
    say: sayOnStderr(),
  });
  const listen = { host: "127.0.0.1", port: 0 };
  const sidecar = await startSidecar({
    ...who,
    mesh: identity.mesh,
    instance: identity.instance,
    bus,
    listen,
  });
  return {
    address: { host: listen.host, port: Number(sidecar.listen.split(":").at(-1)) },
    async close() {
      await sidecar.close(0);
      await close();
    },
  };
}

async function print(response: IncomingMessage, flags: CallFlags): Promise<number> {
  const { statusCode = 0, rawHeaders, headers } = response;
  if (flags.include) process.stdout.write(headText("", statusLine(response), rawHeaders));
  const failed = flags.fail === true && statusCode >= 400;
  if (failed) {
    response.resume();
    if (!flags.silent) process.stderr.write(`weft: the answer is ${statusCode} ${response.statusMessage}\n`);
  } else
    await pipeline(response, process.stdout, { end: false }).catch((error: Error) => {
      throw new Fault(
        `the answer was cut off: ${error.message}`,
        "what came is printed; the sidecars' logs may say why",
      );
    });
  const code = headers["weft-error"];
  if (code !== undefined && !flags.silent)
    process.stderr.write(`weft: the mesh gave this answer, not the app (weft-error: ${code})\n`);
  if (failed) return HTTP_ERROR;
  return code === undefined ? 0 : 1;
}

const statusLine = ({ httpVersion, statusCode, statusMessage }: IncomingMessage): string =>
  `HTTP/${httpVersion} ${statusCode} ${statusMessage}`;

/** @param fields names and values in turn */
function headText(prefix: string, first: string, fields: readonly string[]): string {
  const lines = [first];
  for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
  return [...lines, ""].map((line) => `${prefix}${line}\n`).join("");
}
