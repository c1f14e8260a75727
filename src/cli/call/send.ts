import { type IncomingMessage, request } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Address } from "../../../sidecar/options.ts";
import { Fault } from "../fault.ts";
import type { PlannedRequest } from "./request.ts";

/** Sends a request to a sidecar's outbound listener. @throws Fault when no answer comes */
export function send({ host, port }: Address, planned: PlannedRequest): Promise<IncomingMessage> {
  const { method, path, headers, body } = planned;
  return new Promise((resolve, reject) => {
    const outgoing = request({ host, port, method, path, headers: [...headers], agent: false }, resolve);
    outgoing.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "ECONNREFUSED"
          ? new Fault(
              `no sidecar listens on ${host}:${port}`,
              "give --via the proxy address of one that runs, or leave it out",
            )
          : new Fault(`no answer came: ${error.message}`, "the sidecar's log may say why"),
      ),
    );
    if (body === undefined || Buffer.isBuffer(body)) outgoing.end(body);
    // An answer may come, and count, before all of the body was read.
    else pipeline(body, outgoing).catch(() => {});
  });
}
