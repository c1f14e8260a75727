import type { LookupAddress } from "node:dns";
import { connect, isIP, type LookupFunction, type Socket } from "node:net";
import type { Code } from "../../src/protocol/code.ts";
import { BodyWriter, type WriterOwner } from "../http/body-writer.ts";
import { type BodySource, BY_CLOSE, IncomingBody } from "../http/incoming-body.ts";
import type { Call } from "../stack/call.ts";
import { failed, type Outcome } from "../stack/outcome.ts";
import { CheckFirstBytes, type FirstBytesVerdict } from "./check-first-bytes.ts";
import { type Outside, shown } from "./rules.ts";
import { serverNameOf } from "./server-name.ts";

export interface TunnelEvents {
  /** TLS is begun for another host than the one that the tunnel was opened to: it is cut. */
  misnamed(name: string): void;
  /** Nothing is left of it; called once. */
  closed(): void;
}

/**
 * Opens a tunnel (RFC 9110 §9.3.6) to one of these addresses, and to no other. Each direction ends by itself, and a slow
 * reader holds the other side back. Whoever has the client's connection sees to it that it does not rest for ever.
 */
export function openTunnel(
  call: Call,
  to: Outside,
  addresses: readonly LookupAddress[],
  events: TunnelEvents,
): Promise<Outcome> {
  return new Promise((resolve) => void new Tunnel(call, to, addresses, events, resolve));
}

class Tunnel implements BodySource, WriterOwner {
  readonly #call: Call;
  readonly #to: Outside;
  readonly #events: TunnelEvents;
  readonly #socket: Socket;
  readonly #incoming: IncomingBody;
  #resolve: ((outcome: Outcome) => void) | undefined;
  #writer: BodyWriter | undefined;
  #error: Error | undefined;

  constructor(
    call: Call,
    to: Outside,
    addresses: readonly LookupAddress[],
    events: TunnelEvents,
    resolve: (outcome: Outcome) => void,
  ) {
    this.#call = call;
    this.#to = to;
    this.#events = events;
    this.#resolve = resolve;
    this.#incoming = new IncomingBody("until-end", BY_CLOSE, this, false);
    this.#incoming.hand();
    const { host, port } = to;
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true, lookup: only(addresses) });
    this.#socket = socket;
    call.onCancel = (code) => {
      this.#settle(failed(code, "no", `${shown(to)} was not reached in time`));
      socket.destroy();
    };
    socket.once("connect", () => this.#opened());
    socket.on("data", (bytes) => this.#incoming.feed(bytes as Buffer, 0, bytes.length));
    socket.on("drain", () => this.#writer?.drained());
    socket.on("end", () => this.#incoming.eof("cancelled"));
    socket.on("error", (error) => {
      this.#error = error;
    });
    socket.once("close", () => this.#closed());
  }

  #opened(): void {
    const { host } = this.#to;
    const { body } = this.#call.head;
    this.#settle({
      kind: "replied",
      status: 200,
      reason: "Connection established",
      headers: "",
      body: this.#incoming,
      instance: shown(this.#to),
    });
    const writer = new BodyWriter(this.#socket, body, BY_CLOSE, this);
    this.#writer = writer;
    // Who is called by address may be of any name.
    const judged = isIP(host) === 0 ? new CheckFirstBytes(writer, this.#judge, this.#refuse) : writer;
    if (body.first.length > 0) judged.write(body.first);
    body.read(judged);
  }

  readonly #judge = (bytes: Buffer): FirstBytesVerdict => {
    const found = serverNameOf(bytes);
    if (found === "more" || found === "none") return found === "none" ? "pass" : "more";
    if (found !== "malformed" && found.name === this.#to.host) return "pass";
    this.#events.misnamed(found === "malformed" ? "" : found.name);
    return "refuse";
  };

  readonly #refuse = (): void => {
    this.#socket.destroy();
  };

  #settle(outcome: Outcome): void {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    this.#call.onCancel = undefined;
    resolve?.(outcome);
  }

  wrote(problem: Code | undefined): void {
    this.#writer = undefined;
    if (problem !== undefined) this.#socket.destroy();
  }

  #closed(): void {
    const why = this.#error?.message ?? "it was closed";
    this.#settle(failed("egress-unreachable", "no", `${shown(this.#to)} cannot be reached: ${why}`));
    this.#writer?.stop("app-reset");
    this.#incoming.fail("app-reset");
    this.#events.closed();
  }

  pauseBody(): void {
    this.#socket.pause();
  }

  resumeBody(): void {
    this.#socket.resume();
  }

  dropBody(): void {
    this.#socket.destroy();
  }
}

/** A lookup that knows these addresses and asks nobody. */
const only =
  (addresses: readonly LookupAddress[]): LookupFunction =>
  (_host, options, done) => {
    const [first] = addresses;
    if (options.all) done(null, [...addresses]);
    else done(null, first!.address, first!.family);
  };
