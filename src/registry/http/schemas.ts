import { z } from "zod";

const time = z.iso.datetime().describe("RFC 3339, UTC");
const version = z.string().describe("The version token, as in subjects: 2, 1-2-0, canary");

const ejectedBy = z
  .object({
    services: z.array(z.string()).describe("At most 16 of them"),
    sidecars: z.int().describe("How many sidecars of all of them"),
  })
  .optional()
  .describe("Callers that send it no calls for now, as they say themselves; absent when there are none");

export const instanceView = z
  .object({
    service: z.string(),
    instance: z.string(),
    version,
    zone: z.string().optional(),
    state: z
      .enum(["up", "down", "left", "silent"])
      .describe("down: it beats but its app is not healthy; left, silent: gone, shown for ten minutes"),
    startedAt: time.describe("When its sidecar started, by its own clock"),
    lastSeen: time.describe("When it was last heard"),
    confirmed: z.boolean().describe("False when it is known from before the registry's start alone"),
    stats: z
      .object({
        calls: z.int(),
        errors: z.int(),
        busyMs: z.number(),
        full: z.boolean().optional().describe("It was at its limit of calls when it was last heard"),
      })
      .optional()
      .describe("Calls it has handled since its start"),
    ejectedBy,
  })
  .describe("One instance");

const versionView = z.object({
  version,
  instances: z.int().describe("How many may be called"),
  firstSeen: time,
  lastSeen: time,
});

const serviceView = z.object({
  service: z.string(),
  instances: z.int().describe("How many may be called; 0 for a service that is known from earlier"),
  versions: z.array(version),
  firstSeen: time,
  lastSeen: time,
  ejectedBy,
});

const head = {
  registryStart: z.int().describe("Names one life of this registry"),
  revision: z.int().describe("Counts the changes in this life"),
};

export const servicesAnswer = z.object({ ...head, services: z.array(serviceView) });
export const serviceAnswer = serviceView.extend({ ...head, instanceList: z.array(instanceView) });
export const versionsAnswer = z.object({ ...head, service: z.string(), versions: z.array(versionView) });
export const instancesAnswer = z.object({ ...head, instances: z.array(instanceView) });

export const healthAnswer = z.object({
  status: z.enum(["ok", "degraded"]).describe("degraded: the broker or the store is away"),
  weft: z.string().describe("The version of Weft that it runs"),
  registryStart: head.registryStart,
  startedAt: time,
  settled: z.boolean().describe("Whether it has listened long enough to have heard every instance"),
  revision: head.revision,
  services: z.int(),
  instances: z.int().describe("How many may be called"),
  watchers: z.int(),
  broker: z.object({
    state: z.enum(["connected", "away", "closed"]),
    server: z.string().optional(),
    serverVersion: z.string().optional(),
    since: time.optional(),
    cause: z.string().optional(),
  }),
  store: z.object({
    state: z.enum(["loading", "kept", "away"]),
    waiting: z.int().describe("Services whose record is still to be written"),
    since: time.optional(),
    cause: z.string().optional(),
  }),
  drops: z.record(z.string(), z.int()).describe("Messages that were not acted on, by reason"),
});

export const errorAnswer = z.object({
  error: z.object({
    code: z.string().describe("For programs: it does not change"),
    message: z.string().describe("For people: what is wrong, where, and what to do"),
  }),
});

export const serviceParams = z.object({ service: z.string() });
export const watchQuery = z.strictObject({ service: z.string().optional().describe("Only this service") });
export const instancesQuery = z.strictObject({
  service: z.string().optional(),
  version: z.string().optional(),
  state: instanceView.shape.state.optional(),
});

/** The data of the watch's events; `up` and `gone` may come many times, `snapshot` first. */
export const watchSnapshot = z.object({ ...head, instances: z.array(instanceView) });
export const watchChange = z.object({
  revision: head.revision,
  reason: z.enum(["left", "down", "silent", "restarted"]).optional().describe("Why it is gone"),
  instance: instanceView.pick({ service: true, instance: true, version: true, zone: true, startedAt: true }),
});

export type InstanceView = z.infer<typeof instanceView>;
