import { setTimeout as delay } from "node:timers/promises";
import { COMMENT_EVERY_MS } from "../../registry/http/watch.ts";
import { sayOnStderr } from "../terminal.ts";
import { askRegistry, openStream } from "./ask.ts";
import { events } from "./events.ts";
import { type InstanceView, type ServiceView, serviceRow } from "./rows.ts";

/** A registry that has not written three comments hangs. */
const SILENT_MS = 3 * COMMENT_EVERY_MS;

interface Change {
  readonly reason?: string;
  readonly instance: InstanceView;
}

/** Prints what there is, then a line for each change; a registry that restarts is waited for. */
export async function watch(
  url: string,
  what: "services" | "instances",
  service: string | undefined,
  output: "table" | "json",
): Promise<void> {
  const say = sayOnStderr();
  const query = service === undefined ? "" : `?service=${service}`;
  let response = await openStream(url, `/v1/watch${query}`);
  const show = (event: string, instance: InstanceView, reason?: string) =>
    printInstance(output, event, instance, reason);
  for (;;) {
    for await (const { event, data } of events(response, SILENT_MS)) {
      if (what === "services")
        await printServices(output, url, event === "snapshot" ? service : (data as Change).instance.service);
      else if (event === "snapshot")
        for (const instance of (data as { instances: InstanceView[] }).instances) show("up", instance);
      else show(event, (data as Change).instance, (data as Change).reason);
    }
    say("warn", "the registry is away: waiting for it", "registry-away");
    for (let back: Response | undefined; back === undefined; ) {
      await delay(1000);
      back = await openStream(url, `/v1/watch${query}`).catch(() => undefined);
      if (back) response = back;
    }
  }
}

function printInstance(
  output: string,
  event: string,
  instance: InstanceView,
  reason: string | undefined,
): void {
  if (output === "json") {
    printJson({ event, ...(reason === undefined ? {} : { reason }), instance });
    return;
  }
  const { service, version, instance: id, zone } = instance;
  const words = [event.padEnd(5), service, `version=${version}`, `instance=${id}`];
  if (zone !== undefined) words.push(`zone=${zone}`);
  if (reason !== undefined) words.push(`reason=${reason}`);
  process.stdout.write(`${words.join(" ")}\n`);
}

async function printServices(output: string, url: string, service: string | undefined): Promise<void> {
  const { services } = await askRegistry<{ services: ServiceView[] }>(url, "/v1/services");
  for (const one of services.filter((each) => each.service === (service ?? each.service))) {
    if (output === "json") printJson(one);
    else {
      const [name, instances, versions] = serviceRow(one);
      process.stdout.write(`${name} instances=${instances} versions=${versions}\n`);
    }
  }
}

const printJson = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
