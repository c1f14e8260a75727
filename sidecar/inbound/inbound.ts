import type { LastShare } from "../../src/control/rate/last-share.ts";
import type { ServiceRouting } from "../../src/control/service-routing.ts";
import { systemClock } from "../../src/registry/clock.ts";
import type { Heartbeater } from "../../src/registry/heartbeater.ts";
import type { InstanceTable } from "../../src/registry/table.ts";
import type { CallStats } from "../../src/registry/wire.ts";
import type { ConcurrencyState } from "../../src/telemetry/limit-families.ts";
import { type Context, reportBug } from "../context.ts";
import { appClient } from "../http/app-client.ts";
import { type AppAddress, httpCheck, tcpCheck } from "../life/health.ts";
import { watchHealth } from "../life/watch-health.ts";
import type { Recorder } from "../observe/record.ts";
import type { UnderWay } from "../observe/under-way.ts";
import type { OwnPolicySource } from "../policy-source.ts";
import type { Service } from "../stack/call.ts";
import { refused } from "../stack/outcome.ts";
import { compileInbound } from "./compile.ts";
import { countCalls } from "./count-calls.ts";
import { Denials } from "./denials.ts";
import { Drops } from "./drops.ts";
import { firstPolicy } from "./first-policy.ts";
import { GlobalRate } from "./global-rate.ts";
import { OwnAccess } from "./own-access.ts";
import { OwnLimits } from "./own-limits.ts";
import { OwnRepeats } from "./own-repeats.ts";
import { OwnTokens } from "./own-tokens.ts";
import { Servings } from "./servings.ts";

export interface InboundOptions {
  readonly app: AppAddress;
  readonly healthPath: string | undefined;
  readonly beating: (stats: () => CallStats) => Heartbeater;
  readonly recorder: Recorder;
  readonly policies: OwnPolicySource;
  /** It takes no calls before it knows its policy. */
  readonly guarded: boolean;
  /** For the other instances of this service. */
  readonly table: InstanceTable;
  /** Where its share of a rate of all instances is kept. */
  readonly lastShare: LastShare | undefined;
  /** Told of each call that is above a rate. */
  readonly limited: (caller: string, limit: string) => void;
  /** Told of each token of an end user that was looked at, or missed. */
  readonly token: (provider: string, result: string) => void;
  /** Told of each call that authorization denies, or would. */
  readonly denied: (caller: string, rule: string, mode: string) => void;
}

/** The way from the mesh to the app. No port: calls come over subscriptions. */
export interface Inbound {
  /** Why the app is not called; undefined while it is. */
  readonly notReady: () => string | undefined;
  /** When the call that the app works on with this trace context is due; Infinity when there is none. */
  dueAtOf(traceparent: string): number;
  /** How busy the app is. */
  concurrency(): ConcurrencyState;
  /** How old the keys are that tokens of end users are checked with, by provider, in ms. */
  keyAges(): [provider: string, ms: number][];
  /** Whether a call is served that a restart of the broker would cut off. */
  readonly busy: boolean;
  /** The calls that have no outcome yet. */
  underWay(): UnderWay[];
  /** Leaves the mesh; resolves when the calls under way have ended or `capMs` is over. */
  leave(capMs: number): Promise<void>;
  close(): Promise<void>;
}

export function startInbound(context: Context, options: InboundOptions): Inbound {
  const { bus, sweep, subjects, service, instance, version, limits, say } = context;
  const { app, healthPath, beating, recorder, policies, guarded, table, lastShare, limited, token } = options;
  const repeats = new OwnRepeats(sweep.now);
  const client = appClient({
    ...{ ...app, instance, sweep, idleTimeoutMs: limits.idleTimeoutMs },
    mayAskAgain: (call) => repeats.take(call),
  });
  const counted = countCalls(repeats.counting(client.service), sweep.now);
  const drops = new Drops(say, sweep.now);
  const random = Math.random;
  const sharing = { bus, clock: systemClock, service, instance, table, random, lastShare };
  const own = new OwnLimits({
    ...{ sweep, random, limited },
    globalRate: (rate) => new GlobalRate(sharing, rate),
  });
  const tokens = new OwnTokens({ ...{ service, random, say }, clock: systemClock, counted: token });
  const denials = new Denials(say, sweep.now);
  const access = new OwnAccess({
    service,
    denied: (call, rule, mode) => {
      options.denied(call.head.caller, rule, mode);
      denials.count(call, rule, mode);
    },
  });
  /** Until it is known who may call. */
  let serve: Service = (call) => {
    call.head.body.abandon("no-instance");
    return Promise.resolve(refused("no-instance", `${service} (instance ${instance}) is starting`));
  };
  const renew = async (): Promise<void> => {
    let routing: ServiceRouting | undefined;
    // What is needed for it may take a moment to load, and it may change meanwhile.
    do {
      routing = policies.get(service);
      await access.prepare(routing);
    } while (policies.get(service) !== routing);
    access.configure(routing);
    own.configure(routing?.policy);
    repeats.configure(routing?.policy);
    tokens.configure(routing?.policy);
    serve = compileInbound({
      ...{ recorder, sweep, own, app: counted.service, reportBug: reportBug(say) },
      ...{ authenticate: tokens.layer, authorize: access.gate },
    });
  };
  const first = firstPolicy({ service, policies, guarded, say });
  let isReady = false;
  // One of the two identities is older than policy; the caller will take its call for lost.
  const stopDenied = bus.onDenied((subject) => {
    if (subject.startsWith("_R."))
      drops.count("the broker refuses the answer, because policy lets its caller call nothing here", subject);
  });
  const stopFollowing = policies.onChange((changed) => {
    if (changed === service && isReady) renew().catch(reportBug(say));
  });
  const servings = new Servings({
    bus,
    sweep,
    subjects,
    service,
    version,
    instance,
    idleTimeoutMs: limits.idleTimeoutMs,
    // A call that is under way goes on with what it began with.
    serve: (call) => serve(call),
    dropped: (reason, subject) => drops.count(reason, subject),
  });
  const beats = beating(() => {
    const { limit, counts } = own.concurrency;
    return { ...counted.stats(), ...(counts.running < limit ? {} : { full: true }) };
  });

  // At its limit it takes itself out of the choice: interest is the backpressure.
  const mayJoin = (): void => {
    if (state === "up" && isReady && own.concurrency.hasRoom) servings.join();
    else servings.leave();
  };
  own.concurrency.onRoom(mayJoin);
  let state: "starting" | "up" | "down" | "leaving" = "starting";
  const tell = (): void => {
    mayJoin();
    if (state === "down") beats.set("down");
    else if (state === "up" && isReady) {
      say("info", `${service} is healthy: it takes calls`, "app-healthy");
      beats.set("up");
    }
  };
  const check = healthPath === undefined ? tcpCheck(app) : httpCheck(app, healthPath);
  const health = watchHealth(check, systemClock, (up, reason) => {
    state = up ? "up" : "down";
    if (!up) say("warn", `${service} takes no calls: ${reason}`, "app-down");
    tell();
  });
  const begin = async (): Promise<void> => {
    await first.known;
    await renew();
    isReady = true;
    tell();
  };
  begin().catch(reportBug(say));
  const notReady = (): string | undefined => {
    if (state === "up") return isReady ? undefined : "its policy is not known yet";
    if (state === "leaving") return "the instance is leaving";
    const reason = health.problem() ?? "it was not looked at";
    return state === "down" ? reason : `the app has not been healthy yet: ${reason}`;
  };

  return {
    notReady,
    dueAtOf: (traceparent) => servings.dueAtOf(traceparent),
    concurrency: () => ({
      ...{ limit: own.concurrency.limit, ...own.concurrency.counts },
      askedAgain: client.askedAgain,
    }),
    keyAges: () => tokens.ages(),
    get busy() {
      return servings.busy;
    },
    underWay: () => servings.underWay(),
    async leave(capMs) {
      health.stop();
      state = "leaving";
      await beats.leave();
      let timer: NodeJS.Timeout | undefined;
      const capped = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, capMs);
      });
      await Promise.race([servings.drain(), capped]);
      clearTimeout(timer);
    },
    async close() {
      health.stop();
      // Whoever is closed without having left must not seem to be there for ever.
      await beats.leave();
      stopFollowing();
      stopDenied();
      first.stop();
      own.close();
      tokens.close();
      servings.close();
      client.close();
    },
  };
}
