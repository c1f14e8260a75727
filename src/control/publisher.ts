import type { Bus, Message } from "../bus/bus.ts";
import type { Drops } from "../registry/drops.ts";
import { pack } from "../registry/frame.ts";
import { REPLICAS } from "../registry/registry.ts";
import { type PolicyMark, SELF } from "../registry/wire.ts";
import { mayAnswer } from "../subjects/reply.ts";
import { type Subject, registry as subjects } from "../subjects/subjects.ts";
import type { PolicySet } from "./policy-set.ts";
import type { ServiceRouting } from "./service-routing.ts";
import {
  MAX_REQUEST_BYTES,
  type PolicyAnswer,
  type PolicyEvent,
  type PolicyRequest,
  readPolicyRequest,
} from "./wire.ts";

/** Names in an event; beyond it everybody asks, which is little more. */
const MAX_NAMED = 256;
/** Of an answer, besides its services; and of one service, besides its routing: its name, and lengths. */
const HEAD_BYTES = 256;
const ENTRY_BYTES = 80;

export interface PublisherDeps {
  readonly bus: Bus;
  readonly policy: PolicySet;
  readonly drops: Drops;
}

/** Tells sidecars of the policy: each change at once, and each sidecar what it asks for. */
export class PolicyPublisher {
  readonly #deps: PublisherDeps;
  readonly #stops: (() => void)[] = [];
  /** By the routing itself, which is the same object until it changes: packed once for all who ask. */
  readonly #packed = new WeakMap<ServiceRouting, Buffer>();
  #told: PolicyMark | undefined;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
  }

  /** What it answers with at the moment; undefined until the policy is loaded, and until then it does not answer. */
  get mark(): PolicyMark | undefined {
    const { loaded, lineage, revision } = this.#deps.policy;
    return loaded ? { lineage, revision } : undefined;
  }

  start(): void {
    const { bus, policy } = this.#deps;
    this.#told = this.mark;
    const requests = bus.subscribe(subjects.everyGetOf("policy"), REPLICAS, (message) =>
      this.#onGet(message),
    );
    this.#stops.push(
      () => requests.unsubscribe(),
      policy.onChange((services) => this.#tell(services)),
    );
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  #tell(services: readonly string[] | undefined): void {
    const { mark } = this;
    if (mark === undefined) return;
    const isNext = this.#told?.lineage === mark.lineage;
    const event: PolicyEvent = {
      ...mark,
      ...(isNext ? { previous: this.#told!.revision } : {}),
      ...(isNext && services !== undefined && services.length <= MAX_NAMED ? { services } : {}),
    };
    this.#told = mark;
    this.#deps.bus.send(subjects.policyEvent, pack(event));
  }

  #onGet({ subject, reply, data }: Message): void {
    const { bus, drops } = this.#deps;
    const request = data.length > MAX_REQUEST_BYTES ? undefined : readPolicyRequest(data);
    const { mark } = this;
    if (!mayAnswer(subject, reply, SELF)) drops.count("reply-foreign", subject);
    else if (request === undefined) drops.count("request-bad", subject);
    else if (mark !== undefined) bus.send(reply as Subject, pack(this.#answer(request, mark)));
  }

  #answer({ have, lineage }: PolicyRequest, mark: PolicyMark): PolicyAnswer {
    const { bus, policy, drops } = this.#deps;
    const services: [string, Buffer][] = [];
    const tooLarge: string[] = [];
    const roomAtFirst = bus.maxPayload - HEAD_BYTES;
    let room = roomAtFirst;
    let more = false;
    for (const [service, revision] of have) {
      const routing = policy.routingOf(service);
      if (lineage === mark.lineage && routing.revision === revision) continue;
      const packed = this.#pack(routing);
      const size = packed.length + ENTRY_BYTES;
      const isTooLarge = size > roomAtFirst;
      if (isTooLarge) drops.count("policy-oversize", service);
      room -= isTooLarge ? ENTRY_BYTES : size;
      if (room < 0) {
        more = true;
        break;
      }
      if (isTooLarge) tooLarge.push(service);
      else services.push([service, packed]);
    }
    return {
      ...mark,
      services,
      ...(more ? { more } : {}),
      ...(tooLarge.length > 0 ? { tooLarge } : {}),
    };
  }

  #pack(routing: ServiceRouting): Buffer {
    let packed = this.#packed.get(routing);
    if (packed === undefined) {
      packed = pack(routing);
      this.#packed.set(routing, packed);
    }
    return packed;
  }
}
