import { setTimeout as delay } from "node:timers/promises";
import { readAuthority } from "../../identity/member/authority-client.ts";
import { loadRoots } from "../../identity/trust/roots.ts";
import { nameOf } from "../../identity/trust/rotation/stragglers.ts";
import type { HealthAnswer } from "../../identity/wire.ts";
import { VERSION as FRAMES } from "../../protocol/frame.ts";
import { WEFT_VERSION } from "../../protocol/weft-version.ts";
import type { SidecarView } from "../policy/rows.ts";
import { type Check, type Finding, fail, ok, warn } from "./check.ts";

/** What each says that it runs; undefined when it is too old to tell. */
export interface Running {
  readonly registry: string | undefined;
  readonly authority: string | undefined;
  readonly sidecars: readonly Pick<SidecarView, "service" | "instance" | "weft" | "frames">[];
}

/** Who runs another Weft than this command, and who cannot be understood. */
export const versions: Check = {
  what: "versions",
  asks: "registry",
  async run({ state, up, ask }) {
    if (up === undefined) return [];
    const [{ weft: registry }, { sidecars }, authority] = await Promise.all([
      ask<{ weft?: string }>("/v1/health"),
      ask<Pick<Running, "sidecars">>("/v1/sidecars"),
      authorityOf(up.authority.url, loadRoots(state).rootCa),
    ]);
    return skewsOf({ registry, authority, sidecars });
  },
};

/** Less than the whole look has. */
const AUTHORITY_WITHIN_MS = 2000;

/** One that does not answer is told of by the look at it; here it passes for one of this version. */
const authorityOf = (url: string, ca: string): Promise<string | undefined> =>
  Promise.race([
    readAuthority<HealthAnswer>(url, "/healthz", { ca }).then(
      ({ weft }) => weft,
      () => WEFT_VERSION,
    ),
    delay(AUTHORITY_WITHIN_MS, WEFT_VERSION),
  ]);

/** What is to be said of them. */
export function skewsOf({ registry, authority, sidecars }: Running): Finding[] {
  const parts = Object.entries({ registry, authority }).flatMap(([part, weft]) =>
    weft === WEFT_VERSION
      ? []
      : [warn("versions", `the ${part} runs ${told(weft)}, and this is ${WEFT_VERSION}`, RESTART)],
  );
  const others = sidecars.filter(({ weft }) => weft !== WEFT_VERSION);
  const foreign = sidecars.filter(({ frames = FRAMES }) => frames !== FRAMES);
  const found = [
    ...parts,
    ...(others.length === 0
      ? []
      : [
          warn(
            "versions",
            `${shareOf(others, sidecars)} run another weft than this ${WEFT_VERSION}: ${listed(others, ({ weft }) => told(weft))}`,
            AT_LEISURE,
          ),
        ]),
    ...(foreign.length === 0
      ? []
      : [
          fail(
            "versions",
            `${shareOf(foreign, sidecars)} do not speak frames of version ${FRAMES}: ${listed(foreign, ({ frames }) => String(frames))}`,
            FRAMES_CURE,
          ),
        ]),
  ];
  return found.length > 0 ? found : [ok("versions", `all that answer run weft ${WEFT_VERSION}`)];
}

const RESTART = "restart weft up with the version that is wanted, and use the same one here";
const AT_LEISURE =
  "start them anew with this version when it suits: one version apart they understand each other";
const FRAMES_CURE = "calls between those and the others fail: start them anew with this version of weft";
const MOST_NAMED = 3;

const told = (weft: string | undefined): string => weft ?? "an older one, that does not tell its version";

const shareOf = (some: readonly unknown[], all: readonly unknown[]): string =>
  `${some.length} of ${all.length} sidecars`;

function listed(some: Running["sidecars"], whatOf: (one: Running["sidecars"][number]) => string): string {
  const named = some.slice(0, MOST_NAMED).map((one) => `${nameOf(one)} (${whatOf(one)})`);
  return [...named, ...(some.length > MOST_NAMED ? [`${some.length - MOST_NAMED} more`] : [])].join(", ");
}
