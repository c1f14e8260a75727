import * as z from "zod/mini";
import { namespaceName, port, serviceName, versionName } from "./scalars.ts";
import { described } from "./schema-notes.ts";

const ONLY_SERVICES = "leave group and kind out, and name a service of the mesh";

/** What names a service to send to: on rules, and for mirrors. */
export const backendFields = {
  // Of two that are not supported the first is reported: kind tells more than group.
  kind: z.exactOptional(
    described(z.literal("Service"), "what is meant when it is left out", {
      unsupportedValue: () => ONLY_SERVICES,
    }),
  ),
  group: z.exactOptional(
    described(z.literal(""), "the core group, which is meant when it is left out", {
      unsupportedValue: () => ONLY_SERVICES,
    }),
  ),
  name: serviceName,
  namespace: z.exactOptional(described(namespaceName, "kept as it is: services have no namespaces here")),
  port: z.exactOptional(
    described(port, "kept as it is: a sidecar knows the port of its app; needed by other meshes"),
  ),
  version: z.exactOptional(
    described(versionName, "version of the service (Weft's own field); left out, any version"),
  ),
};

export const mirrorRef = described(
  z.strictObject(backendFields),
  "The service, or version of one, that gets the copies.",
  { id: "MirrorBackendRef" },
);
