import * as z from "zod/mini";
import { meshAuthorization } from "./authorization.ts";
import type { Frozen } from "./freeze.ts";
import { metadataWith } from "./metadata.ts";
import { described } from "./schema-notes.ts";

/** What holds for the mesh as a whole. */
export const meshPolicy = described(
  z.strictObject({
    apiVersion: described(z.literal("weft.dev/v1"), "the version of this kind"),
    kind: described(z.literal("MeshPolicy"), "the kind"),
    metadata: metadataWith(
      described(z.literal("mesh"), "always `mesh`: there is one such policy", { cure: "write mesh" }),
      "MeshPolicyMetadata",
    ),
    spec: described(
      z.strictObject({ authorization: z.exactOptional(meshAuthorization) }),
      "What the policy says.",
      { id: "MeshPolicySpec" },
    ),
  }),
  "What holds for every service of the mesh.",
  { id: "MeshPolicy" },
);

/** A checked policy with all defaults in it. */
export type MeshPolicy = Frozen<z.output<typeof meshPolicy>>;
