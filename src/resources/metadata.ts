import * as z from "zod/mini";
import { namespaceName, objectName } from "./scalars.ts";
import { described } from "./schema-notes.ts";

const BY_SERVER = "leave it out: it is written by a Kubernetes API server, and means nothing here";

const texts = z.record(z.string(), z.string());

/** Metadata of an object; `name` is given because a ServicePolicy is named after its service. */
export const metadataWith = <Name extends z.ZodMiniType<string, string>>(name: Name, id: string) =>
  described(
    z.strictObject({
      name,
      namespace: described(
        z._default(namespaceName, "default"),
        "namespace of the object; it tells objects of one name apart, services have none",
      ),
      labels: z.exactOptional(
        described(texts, "labels, kept as they are", { cure: 'write text: label: "value"' }),
      ),
      annotations: z.exactOptional(
        described(texts, "annotations, kept as they are", { cure: 'write text: annotation: "value"' }),
      ),
    }),
    "Which object this is.",
    {
      id,
      unsupportedFields: Object.fromEntries(
        [
          "creationTimestamp",
          "deletionGracePeriodSeconds",
          "deletionTimestamp",
          "finalizers",
          "generateName",
          "generation",
          "managedFields",
          "ownerReferences",
          "resourceVersion",
          "selfLink",
          "uid",
        ].map((field) => [field, BY_SERVER]),
      ),
    },
  );

export const metadata = metadataWith(objectName, "Metadata");
