import { UsageFault } from "../fault.ts";
import { nameOf } from "../flags.ts";
import { table } from "../terminal.ts";
import type { GetFlags } from "../verbs/get.ts";
import { askRegistry } from "./ask.ts";
import { registryUrl } from "./registry-url.ts";
import { type InstanceView, instanceRows, type ServiceView, serviceRows } from "./rows.ts";
import { watch } from "./watch.ts";

/** Prints what there is; with `--watch`, goes on until a signal comes. */
export async function get(
  what: "services" | "instances",
  name: string | undefined,
  flags: GetFlags,
): Promise<void> {
  const { output } = flags;
  if (output === "yaml") throw new UsageFault(`${what} are no YAML`, "give -o table or -o json");
  const service = name === undefined ? undefined : nameOf("service")(name);
  const url = registryUrl(flags);
  if (flags.watch) return watch(url, what, service, output);
  if (what === "services") {
    const services = await servicesOf(url, service);
    print(output, services, () => table(serviceRows(services)));
  } else {
    const query = service === undefined ? "" : `?service=${service}`;
    const { instances } = await askRegistry<{ instances: InstanceView[] }>(url, `/v1/instances${query}`);
    if (service !== undefined && instances.length === 0) await servicesOf(url, service); // tells an unknown service
    print(output, instances, () => table(instanceRows(instances, Date.now())));
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
