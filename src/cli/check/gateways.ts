import { age } from "../get/rows.ts";
import { type Check, type Finding, fail, ok } from "./check.ts";

interface Named {
  readonly service: string;
  readonly instance: string;
}

interface Signals {
  readonly instances: readonly {
    readonly instance: string;
    /** Unix ms. */
    readonly expiry?: { readonly gateway?: number };
  }[];
}

/** The certificates that gateways show outside: the mesh did not make them, and does not renew them. */
export const gateways: Check = {
  what: "gateways",
  asks: "registry",
  async run({ up, ask, now, failBeforeMs }) {
    if (up === undefined) return [];
    const { sidecars } = await ask<{ sidecars: readonly Named[] }>("/v1/sidecars");
    const { instances } = await ask<{ instances: readonly Named[] }>("/v1/instances");
    // A gateway has no app, so it is no instance of its service.
    const served = new Set(instances.map(({ service }) => service));
    const others = new Set(sidecars.map(({ service }) => service).filter((service) => !served.has(service)));
    const found = [...others].map(async (service): Promise<Finding[]> => {
      const signals = await ask<Signals>(`/v1/signals/${service}`).catch(() => undefined);
      if (signals === undefined) return []; // it has not reported yet
      return signals.instances.flatMap(({ instance, expiry }) =>
        expiry?.gateway === undefined
          ? []
          : [judged(`${service}/${instance}`, expiry.gateway - now, failBeforeMs)],
      );
    });
    return (await Promise.all(found)).flat();
  },
};

function judged(gateway: string, leftMs: number, failBeforeMs: number): Finding {
  const says = leftMs > 0 ? `is good for ${age(leftMs)}` : `has ended ${age(-leftMs)} ago`;
  const what = `the certificate of ${gateway} ${says}`;
  return leftMs <= failBeforeMs
    ? fail("gateways", what, "put another in its place: it is read again within a second")
    : ok("gateways", what);
}
