import { token } from "./token.ts";

/** A subject built by this folder: every token in it has been checked. */
export type Subject = string & { readonly __subject: unique symbol };

const subject = (text: string): Subject => text as Subject;

/** Where a call goes: one version, one instance, or whichever instance there is. */
export type Target =
  | { readonly kind: "any" }
  | { readonly kind: "version"; readonly version: string }
  | { readonly kind: "instance"; readonly instance: string };

/** The subjects of one mesh; `mesh` is the first token of every request subject. */
export class Subjects {
  readonly mesh: string;
  constructor(mesh = "mesh") {
    this.mesh = token("mesh", mesh);
  }

  /** `mesh.<callee>.<target>.<caller>`: where `caller` sends a call. Only the user `caller` may publish here. */
  request(callee: string, target: Target, caller: string): Subject {
    return subject(
      `${this.mesh}.${token("service", callee)}.${targetToken(target)}.${token("service", caller)}`,
    );
  }

  /** What an instance subscribes to for `target`, from any caller. */
  inbound(callee: string, target: Target): Subject {
    return subject(`${this.mesh}.${token("service", callee)}.${targetToken(target)}.*`);
  }

  /** Everything that `caller` may send: the pattern in its publish permission; `callee` narrows it to one service. */
  sentBy(caller: string, callee?: string): Subject {
    return subject(`${this.mesh}.${callee ? token("service", callee) : "*"}.*.${token("service", caller)}`);
  }
}

function targetToken(target: Target): string {
  switch (target.kind) {
    case "any":
      return "any";
    case "version":
      return `v-${token("version", target.version)}`;
    case "instance":
      return `i-${token("instance", target.instance)}`;
  }
}

/** `reg.…`: what travels between instances and the registry. */
export const registry = {
  heartbeat: (service: string, instance: string) =>
    subject(`reg.hb.${token("service", service)}.${token("instance", instance)}`),
  everyHeartbeat: subject("reg.hb.*.*"),
  /** Where the broker's servers say how they are, to the registry that asked. */
  brokerAnswers: (asker: string) => subject(`reg.br.${token("asker", asker)}`),
  everyBrokerAnswer: subject("reg.br.*"),
  /**
   * Asks every server for what it counts of the asker's own account; nats-server has it for all accounts, as an import
   * of `$SYS.REQ.ACCOUNT.PING.STATZ` (server/events.go), so no user of the system account is needed.
   */
  accountStats: subject("$SYS.REQ.ACCOUNT.PING.STATZ"),
  /** What became of the calls of one instance of late. */
  signals: (service: string, instance: string) =>
    subject(`reg.st.${token("service", service)}.${token("instance", instance)}`),
  everySignals: subject("reg.st.*.*"),
  /** Changes to the instances of one service. */
  event: (service: string) => subject(`reg.ev.i.${token("service", service)}`),
  /** The registry's own sign of life, and its start. */
  alive: subject("reg.ev.alive"),
  /** The policy changed. */
  policyEvent: subject("reg.ev.policy"),
  /** Identities that were issued before a certain time are to be renewed now. */
  renewEvent: subject("reg.ev.renew"),
  /** The broker is about to be restarted: calls wait for it. */
  pauseEvent: subject("reg.ev.pause"),
  /** Who knows of one request? */
  explainEvent: subject("reg.ev.explain"),
  /** Traces that somebody has kept, so that all keep what they know of them. */
  tracesEvent: subject("reg.ev.traces"),
  /** Tell of such calls for a while. */
  tapEvent: subject("reg.ev.tap"),
  /** Where one instance tells of the calls that a tap is about. Five tokens: no request of any mesh has as many. */
  tap: (id: string, service: string, instance: string) =>
    subject(`reg.tap.${token("id", id)}.${token("service", service)}.${token("instance", instance)}`),
  tapsBy: (service: string, instance: string) =>
    subject(`reg.tap.*.${token("service", service)}.${token("instance", instance)}`),
  /** All that one tap hears. */
  everyTapped: (id: string, service: string) =>
    subject(`reg.tap.${token("id", id)}.${token("service", service)}.*`),
  /** `caller` has ejected an instance of `callee`. */
  hintEvent: (callee: string, caller: string) =>
    subject(`reg.ev.hint.${token("service", callee)}.${token("service", caller)}`),
  everyHintOf: (callee: string) => subject(`reg.ev.hint.${token("service", callee)}.*`),
  everyEvent: subject("reg.ev.>"),
  get: (what: string, caller: string) =>
    subject(`reg.get.${token("what", what)}.${token("service", caller)}`),
  everyGet: subject("reg.get.*.*"),
  /** One kind of request, from any caller. */
  everyGetOf: (what: string) => subject(`reg.get.${token("what", what)}.*`),
  gotBy: (caller: string) => subject(`reg.get.*.${token("service", caller)}`),
} as const;
