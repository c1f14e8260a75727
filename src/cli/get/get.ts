import { UsageFault } from "../fault.ts";
import { table } from "../terminal.ts";
import { needUp } from "../up/record.ts";
import type { GetFlags } from "../verbs/get.ts";
import { askRegistry } from "./ask.ts";
import { type InstanceView, instanceRows, type ServiceView, serviceRows } from "./rows.ts";
import { watch } from "./watch.ts";

/** Prints what there is; with `--watch`, goes on until a signal comes. */
export async function get(
  what: "services" | "instances",
  service: string | undefined,
  flags: GetFlags,
): Promise<void> {
  const url =
    flags.registry === undefined
      ? needUp(flags.state, "give --registry URL").registry.url
      : checkUrl(flags.registry);
  if (flags.watch) return watch(url, what, service, flags.output);
  if (what === "services") {
    const services = await servicesOf(url, service);
    print(flags.output, services, () => table(serviceRows(services)));
  } else {
    const query = service === undefined ? "" : `?service=${service}`;
    const { instances } = await askRegistry<{ instances: InstanceView[] }>(url, `/v1/instances${query}`);
    if (service !== undefined && instances.length === 0) await servicesOf(url, service); // tells an unknown service
    print(flags.output, instances, () => table(instanceRows(instances, Date.now())));
  }
}

async function servicesOf(url: string, service: string | undefined): Promise<ServiceView[]> {
  if (service === undefined)
    return (await askRegistry<{ services: ServiceView[] }>(url, "/v1/services")).services;
  const one = await askRegistry<ServiceView>(url, `/v1/services/${service}`);
  return [one];
}

const print = (output: GetFlags["output"], data: unknown, text: () => string): void =>
  void process.stdout.write(`${output === "json" ? JSON.stringify(data, null, 2) : text()}\n`);

function checkUrl(text: string): string {
  if (URL.canParse(text) && /^https?:/.test(text)) return text.replace(/\/$/, "");
  throw new UsageFault(
    `--registry ${JSON.stringify(text)} is not a URL`,
    "give one such as http://127.0.0.1:4281",
  );
}
