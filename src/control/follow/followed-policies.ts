import type { PolicyMark } from "../../registry/wire.ts";
import { deepFreeze } from "../../resources/freeze.ts";
import { token } from "../../subjects/token.ts";
import type { ServiceRouting } from "../service-routing.ts";
import { type PolicyAnswer, readServiceRouting, sameMark } from "../wire.ts";
import type { SavedPolicy } from "./last-known.ts";

/** The policy of one service in a sidecar. */
export interface FollowedPolicy {
  readonly service: string;
  /** The last good one; undefined before the first. */
  routing: ServiceRouting | undefined;
  /** Of `routing` in the lineage that is followed; null when it is of another, or there is none. */
  revision: number | null;
  /** No question has had an answer since it is followed. */
  due: boolean;
  usedAt: number;
  /** The state of the mesh's policy whose routing for it was not taken, and that was said. */
  refused: PolicyMark | undefined;
  /** Those who wait for `routing`. */
  readonly waiting: Set<() => void>;
}

/** What an answer did. */
export interface Taken {
  /** The services whose routing is another now. */
  readonly changed: readonly string[];
  /** Those that keep their last good one, if they were not named already. */
  readonly refused: readonly { readonly service: string; readonly why: string }[];
  /** Nothing was refused. */
  readonly isWhole: boolean;
}

/** The services that a sidecar follows: at most `max`, beyond it the one not used for longest is let go. */
export class FollowedPolicies {
  readonly #own: string;
  readonly #max: number;
  readonly #byService = new Map<string, FollowedPolicy>();
  /** The history that the revisions belong to. */
  #lineage: string | undefined;
  #uses = 0;

  /** @param own is never let go */
  constructor(own: string, max: number) {
    this.#own = own;
    this.#max = max;
  }

  get lineage(): string | undefined {
    return this.#lineage;
  }

  /** Finds it without counting as a use. */
  peek(service: string): FollowedPolicy | undefined {
    return this.#byService.get(service);
  }

  use(service: string): FollowedPolicy | undefined {
    const followed = this.#byService.get(service);
    if (followed !== undefined) followed.usedAt = ++this.#uses;
    return followed;
  }

  /** @throws NameError when `service` is not a name */
  add(service: string): FollowedPolicy {
    token("service", service);
    if (this.#byService.size >= this.#max) this.#letGo();
    const usedAt = ++this.#uses;
    const followed: FollowedPolicy = {
      ...{ service, routing: undefined, revision: null, due: true, usedAt, refused: undefined },
      waiting: new Set(),
    };
    this.#byService.set(service, followed);
    return followed;
  }

  all(): FollowedPolicy[] {
    return [...this.#byService.values()];
  }

  /** Begins with what an earlier process kept. */
  restore({ lineage, services }: SavedPolicy): void {
    this.#lineage = lineage;
    for (const routing of services.slice(0, this.#max)) hold(this.add(routing.service), routing);
  }

  /** What another process can begin with; undefined before the first answer. */
  saved(inStep: PolicyMark | undefined): SavedPolicy | undefined {
    if (this.#lineage === undefined) return undefined;
    return {
      lineage: this.#lineage,
      ...(inStep?.lineage === this.#lineage ? { inStep: inStep.revision } : {}),
      services: this.all().flatMap(({ routing }) => routing ?? []),
    };
  }

  take({ lineage, revision, services, tooLarge = [] }: PolicyAnswer): Taken {
    if (lineage !== this.#lineage) for (const followed of this.#byService.values()) followed.revision = null;
    this.#lineage = lineage;
    const changed: string[] = [];
    const bad = tooLarge.map((service) => ({ service, why: "it is larger than the broker takes" }));
    for (const [service, packed] of services) {
      const followed = this.#byService.get(service);
      if (followed === undefined) continue;
      const routing = readServiceRouting(packed);
      if (routing?.service === service) {
        hold(followed, deepFreeze(routing));
        changed.push(service);
      } else bad.push({ service, why: "it cannot be read; the registry may be of a later version" });
    }
    const refused = bad.filter(({ service }) => this.#refuse(service, { lineage, revision }));
    return { changed, refused, isWhole: bad.length === 0 };
  }

  /** Lets go all who wait for anything. */
  releaseAll(): void {
    for (const followed of this.#byService.values()) release(followed);
  }

  /** @returns whether that is new: every question brings it again */
  #refuse(service: string, mark: PolicyMark): boolean {
    const followed = this.#byService.get(service);
    if (followed === undefined || sameMark(followed.refused, mark)) return false;
    followed.refused = mark;
    return true;
  }

  #letGo(): void {
    let least: FollowedPolicy | undefined;
    for (const one of this.#byService.values())
      if (one.service !== this.#own && (least === undefined || one.usedAt < least.usedAt)) least = one;
    if (least === undefined) return;
    this.#byService.delete(least.service);
    release(least);
  }
}

function hold(followed: FollowedPolicy, routing: ServiceRouting): void {
  followed.routing = routing;
  followed.revision = routing.revision;
  followed.refused = undefined;
  release(followed);
}

/** Lets those go on who wait for it, whether it is known now or not. */
export function release({ waiting }: FollowedPolicy): void {
  for (const goOn of [...waiting]) goOn();
}
