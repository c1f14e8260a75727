import { randomBytes } from "node:crypto";
import type { Subject } from "./subjects.ts";
import { token } from "./token.ts";

/** The two ends of a reply subject, as the broker enforces them. */
export interface ReplyParts {
  readonly caller: string;
  readonly callerInstance: string;
  readonly responder: string;
  readonly id: string;
}

/** `_R.<caller>.<instance>.>`: what one instance subscribes to for every answer to it. */
export const repliesTo = (caller: string, instance: string): Subject =>
  `_R.${token("service", caller)}.${token("instance", instance)}.>` as Subject;

/**
 * `_R.*.*.<responder>.>`: what a responder may publish, and so the reason why it cannot answer as another; `caller`
 * narrows it to one service.
 */
export const repliesFrom = (responder: string, caller?: string): Subject =>
  `_R.${caller === undefined ? "*" : token("service", caller)}.*.${token("service", responder)}.>` as Subject;

/**
 * How a responder asks the broker whether callers are still there: an empty message to reply subjects that were never
 * issued, of which living callers take no notice. The broker answers for those who left ("no responders").
 * @returns `answers`: what the responder subscribes to, only itself may publish there; `ask`: for `<caller>.<instance>`
 */
export function whoIsThere(service: string, instance: string) {
  const stem = `_R.${token("service", service)}.${token("instance", instance)}.${service}.alive.`;
  return {
    answers: `${stem}>` as Subject,
    ask: (caller: string) => ({
      to: `_R.${caller}.${service}.alive` as Subject,
      reply: `${stem}${caller}` as Subject,
    }),
  };
}

/**
 * Issues reply subjects for one instance. Ids are 96 random bits drawn once and a counter: unguessable, and free of
 * a system call per request.
 */
export class ReplyIds {
  readonly #stem: string;
  readonly #random = randomBytes(12).toString("hex");
  #count = 0;

  constructor(caller: string, instance: string) {
    this.#stem = `_R.${token("service", caller)}.${token("instance", instance)}.`;
  }

  /** @param slot a number that `slotOf` finds again in the answers, to look up who waits for them */
  next(responder: string, slot = 0): Subject {
    const id = `${this.#random}${(this.#count++).toString(36)}-${slot.toString(36)}`;
    return `${this.#stem}${responder}.${id}` as Subject;
  }
}

/** The number that was given to `ReplyIds.next`; NaN when there is none. */
export const slotOf = (reply: string): number => Number.parseInt(reply.slice(reply.lastIndexOf("-") + 1), 36);

const TOKEN = "([a-z0-9-]{1,63})";
const REPLY = new RegExp(`^_R\\.${TOKEN}\\.${TOKEN}\\.${TOKEN}\\.${TOKEN}$`);

/** Takes a reply subject apart; undefined when it has not exactly the five tokens of one. */
export function parseReply(reply: string): ReplyParts | undefined {
  const parts = REPLY.exec(reply);
  if (parts === null) return undefined;
  return { caller: parts[1]!, callerInstance: parts[2]!, responder: parts[3]!, id: parts[4]! };
}

/** The last token of a request subject: who sent it, as the broker enforced it. */
export const callerOf = (requestSubject: string): string =>
  requestSubject.slice(requestSubject.lastIndexOf(".") + 1);

/**
 * The check that every responder makes before it answers: a reply subject that does not belong to the sender would
 * turn the responder into a deputy that publishes for somebody else.
 * @returns true when `reply` is `_R.<sender of request>.<instance>.<self>.<id>`
 */
export function mayAnswer(requestSubject: string, reply: string, self: string): boolean {
  const parts = parseReply(reply);
  return parts !== undefined && parts.responder === self && parts.caller === callerOf(requestSubject);
}
