import { GlobalRate } from "../../sidecar/inbound/global-rate.ts";
import { OwnAccess } from "../../sidecar/inbound/own-access.ts";
import { OwnLimits } from "../../sidecar/inbound/own-limits.ts";
import type { Rate } from "../../sidecar/policy/gcra.ts";
import { admit } from "../../sidecar/stack/stack.ts";
import { MemoryBroker } from "../../src/bus/memory-bus.ts";
import type { RateShare } from "../../src/control/rate/wire.ts";
import { systemClock } from "../../src/registry/clock.ts";
import { pack } from "../../src/registry/frame.ts";
import { registry, type Subject } from "../../src/subjects/subjects.ts";
import { around, instances, sweep } from "./around.ts";
import type { Case } from "./clock.ts";
import { policyOf, SERVICE } from "./plan-of.ts";

/** More than any of the calls here: nothing is refused. */
const ENOUGH = { requests: 10_000_000, interval: "1ms" };

const LENT: RateShare = { share: 0.3 };

/** The last one takes the request. */
const TEN_RULES = Array.from({ length: 10 }, (_, i) => ({
  name: `r${i}`,
  to: [{ methods: ["GET"], paths: [{ value: i === 9 ? "/v2" : `/other-${i}` }] }],
}));

/** The same at the callee: what the policy of a service says of the calls that its own instances get. */
export async function ownPolicyCases(): Promise<Case[]> {
  let global: GlobalRate | undefined;
  const own = (spec: object): OwnLimits => {
    const limits = new OwnLimits({
      ...{ sweep, random: Math.random },
      globalRate: (rate) => (global = lentRate(rate)),
      limited: () => fail("a call was above the rate"),
    });
    limits.configure(policyOf(spec));
    return limits;
  };
  const limited = (name: string, limits: object): Case =>
    around(`policy: limits, ${name}`, own({ limits }).concurrency.layer);
  const rated = (name: string, rateLimit: object): Case => {
    const { gates } = own({ rateLimit });
    return around(`policy: rateLimit, ${name}`, gates.length > 0 ? admit(...gates) : undefined);
  };
  const queue = { calls: 50, wait: "1s" };
  const cases = [
    limited("maxConcurrency", { maxConcurrency: 100 }),
    limited("queue, in which nobody waits", { maxConcurrency: 100, queue }),
    limited("priority", { maxConcurrency: 100, priority: {} }),
    limited("adaptive", { adaptive: { max: 100 } }),
    authorized("by caller", [{ name: "it", from: { services: ["web"] } }]),
    authorized("the last of 10 rules by method and path", TEN_RULES),
    rated("local", { local: ENOUGH }),
    rated("local, per caller", { local: { ...ENOUGH, perCaller: true } }),
    rated("global", { global: ENOUGH }),
  ];
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  if (global?.share !== LENT.share) fail("no share of the rate was lent");
  return cases;
}

function authorized(name: string, rules: readonly object[]): Case {
  const access = new OwnAccess({ service: SERVICE, denied: () => fail("a call was denied") });
  const policy = policyOf({ authorization: { rules } });
  access.configure({ service: SERVICE, revision: 1, routes: [], policy });
  return around(`policy: authorization, ${name}`, access.gate && admit(access.gate));
}

/** The share of one of five instances. A registry lends it on a bus in memory, and answers as a real one does. */
function lentRate(rate: Rate): GlobalRate {
  const broker = new MemoryBroker();
  const [bus, other] = [broker.connect(), broker.connect()];
  other.subscribe(registry.everyGetOf("rate"), undefined, ({ reply }) => {
    other.send(reply as Subject, pack(LENT));
  });
  const rows = instances(5);
  const table = { instances: () => rows, onUp: () => () => {}, onGone: () => () => {} };
  const options = { bus, clock: systemClock, service: SERVICE, instance: "i0", table, random: Math.random };
  return new GlobalRate(options, rate);
}

function fail(why: string): never {
  throw new Error(why);
}
