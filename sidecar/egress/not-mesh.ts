import { meshAnswer } from "../http/mesh-answer.ts";
import type { OnRequest } from "../http/server-connection.ts";
import { type Recorder, recordRefused } from "../observe/record.ts";
import { refuse } from "../outbound/listener.ts";

/** A name that only the mesh gives: it is never looked for outside. */
export const isOfMesh = (host: string): boolean => /(?:^|\.)mesh\.?(?::\d*)?$/i.test(host);

/** Refuses what is for no name of the mesh, and tunnels to its names. */
export const notMesh =
  (recorder: Recorder): OnRequest =>
  (request, responder) => {
    const isTunnel = request.method === "CONNECT" && isOfMesh(request.host);
    const code = isTunnel ? "unsupported" : "not-mesh";
    const message = isTunnel
      ? `CONNECT is not carried to names of the mesh: call http://${request.host}/`
      : `${JSON.stringify(request.host)} is not a name of the mesh`;
    recordRefused(recorder, request, code, message);
    refuse(meshAnswer, request, responder, code, message);
  };
