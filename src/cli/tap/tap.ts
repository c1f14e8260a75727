import { fitted } from "../../../sidecar/join.ts";
import type { Say } from "../../../sidecar/options.ts";
import { connectBus } from "../../bus/nats-bus.ts";
import { MAX_HOLD_MS, readReport, TAP_AGAIN_MS, type TapOrder } from "../../control/tap/wire.ts";
import { requestTap } from "../../identity/member/request-tap.ts";
import { systemClock } from "../../registry/clock.ts";
import { registry as subjects } from "../../subjects/subjects.ts";
import { askRegistry } from "../get/ask.ts";
import { registryUrl } from "../get/registry-url.ts";
import { needState } from "../identity/need-state.ts";
import { putAsAdmin } from "../policy/registry.ts";
import type { SidecarView } from "../policy/rows.ts";
import { sayOnStderr } from "../terminal.ts";
import { onTold } from "../told.ts";
import { bareAddress, needUp } from "../up/record.ts";
import type { TapFlags } from "../verbs/tap.ts";
import { whereOf } from "./asked.ts";
import { Listener } from "./listener.ts";
import { printerFor } from "./printer.ts";

/** Listens to the calls of a service until the time is over, enough have come, or a signal ends it. */
export async function tap(service: string, flags: TapFlags): Promise<void> {
  const { state, side, body: bodyBytes, rate, for: forMs } = flags;
  const where = whereOf(flags);
  needState(state);
  const up = needUp(state, "tap on the machine where it runs");
  registryUrl(flags);
  const asked = { service, side, where, bodyBytes };
  const order: Omit<TapOrder, "id"> = { ...asked, rate, holdMs: MAX_HOLD_MS };
  const servers = up.broker.urls.map(bareAddress);
  const granted = await requestTap(state, up.authority.url, servers, { ...asked, forMs });
  const bus = await connectBus(fitted(granted.credentials), `weft tap ${granted.id}`);
  const printer = printerFor(flags.output);
  const say = sayOnStderr();
  const listener = new Listener(service, flags.calls);
  bus.subscribe(subjects.everyTapped(granted.id, service), undefined, ({ subject, data }) => {
    for (const call of listener.take(subject, readReport(data))) printer.call(call);
    if (listener.isFull) end();
  });
  await bus.flush();

  const put = (change: Partial<TapOrder> = {}) =>
    putAsAdmin(flags, `/v1/taps/${granted.id}`, { ...order, ...change });
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  try {
    await put();
    say(
      "info",
      `tapping ${service} as ${granted.id} for ${forMs / 1000} s${where && `, where ${where}`}`,
      "tap-begun",
    );
    printer.begin();
    void sayIfNobody(service, flags, say);
    onTold(() => end());
    systemClock.after(forMs, () => end());
    const again = setInterval(
      () => put().catch((error: Error) => say("warn", `${error.message}: the tap pauses`, "tap-paused")),
      TAP_AGAIN_MS,
    );
    await ended;
    clearInterval(again);
  } finally {
    // If it does not hear of it, it ends by itself.
    await put({ holdMs: 0 }).catch(() => {});
    await bus.close();
  }
  printer.end();
  say("info", listener.summary(), "tap-ended");
}

/** A misspelled name looks like a service without calls: whoever taps it would wait for long. */
async function sayIfNobody(service: string, flags: TapFlags, say: Say): Promise<void> {
  const asked = askRegistry<{ sidecars: SidecarView[] }>(registryUrl(flags), "/v1/sidecars");
  const { sidecars } = await asked.catch(() => ({ sidecars: undefined })); // calls may come all the same
  if (sidecars === undefined || sidecars.some((one) => one.service === service)) return;
  const names = [...new Set(sidecars.map((one) => one.service))].sort().slice(0, MOST_NAMED).join(", ");
  const here = names === "" ? "there is none of any service" : `there are ${names}`;
  say("warn", `${service} has no sidecar now (${here}): its calls show once it has one`, "tap-nobody");
}

const MOST_NAMED = 10;
