/** As the registry's HTTP API has them; /openapi.json describes every field. */
export interface ServiceView {
  readonly service: string;
  readonly instances: number;
  readonly versions: readonly string[];
  readonly lastSeen: string;
  readonly ejectedBy?: EjectedBy;
}

/** Callers that send it no calls for now; older registries do not tell. */
interface EjectedBy {
  readonly services: readonly string[];
  readonly sidecars: number;
}

export interface InstanceView {
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  readonly zone?: string;
  readonly state: string;
  readonly startedAt: string;
  readonly stats?: { readonly calls: number; readonly errors: number; readonly full?: boolean };
  readonly ejectedBy?: EjectedBy;
}

export const SERVICE_HEAD = ["SERVICE", "INSTANCES", "VERSIONS", "EJECTED BY"] as const;

export const serviceRow = ({ service, instances, versions, ejectedBy }: ServiceView): string[] => [
  service,
  String(instances),
  versions.join(","),
  ejectors(ejectedBy?.services),
];

export const serviceRows = (services: readonly ServiceView[]): string[][] => [
  [...SERVICE_HEAD],
  ...services.map(serviceRow),
];

const INSTANCE_HEAD = [
  ...["SERVICE", "VERSION", "INSTANCE", "STATE", "EJECTED BY", "ZONE", "AGE", "CALLS", "ERRORS"],
];

/** @param now Unix time in ms */
export const instanceRows = (instances: readonly InstanceView[], now: number): string[][] => [
  INSTANCE_HEAD,
  ...instances.map(({ service, version, instance, state, ejectedBy, zone, startedAt, stats }) => [
    ...[service, version, instance, stateOf(state, stats?.full), ejectors(ejectedBy?.services)],
    ...[zone ?? "-", age(now - Date.parse(startedAt))],
    ...[String(stats?.calls ?? 0), String(stats?.errors ?? 0)],
  ]),
];

/** One that has gone says nothing of now. */
const stateOf = (state: string, isFull = false): string =>
  isFull && state === "up" ? "up, at its limit" : state;

function ejectors(services: readonly string[] = []): string {
  const more = services.length > 3 ? ` +${services.length - 3}` : "";
  return services.length === 0 ? "-" : `${services.slice(0, 3).join(",")}${more}`;
}

/** The largest unit and the next: `3d4h`, `5m2s`, `8s`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first < 0) return "0s";
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join("");
}
