import type { CallMeter } from "../../src/telemetry/call-meter.ts";
import { meshAnswer } from "../http/mesh-answer.ts";
import type { OnRequest } from "../http/server-connection.ts";
import { recordRefused } from "../observe/record.ts";
import { refuse } from "../outbound/listener.ts";

/** Refuses what is for no name of the mesh. */
export const notMesh =
  (meter: CallMeter): OnRequest =>
  (request, responder) => {
    const isConnect = request.method === "CONNECT" && request.host.split(":")[0]!.endsWith(".mesh");
    const code = isConnect ? "unsupported" : "not-mesh";
    const message = isConnect
      ? `CONNECT is not carried to names of the mesh: call http://${request.host}/`
      : `${JSON.stringify(request.host)} is not a name of the mesh`;
    recordRefused(meter, request.method, code);
    refuse(meshAnswer, request, responder, code, message);
  };
