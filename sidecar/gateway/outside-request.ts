import type { Request } from "../http/exchange.ts";
import type { Body } from "../stack/body.ts";
import { cleanTrailers } from "../stack/clean-trailers.ts";

/**
 * A request from outside with the header lines that go into the mesh, and without trailers: an intermediary may discard
 * them (RFC 9110 §6.5.1), and what an app would read of them nobody has looked at.
 */
export class OutsideRequest implements Request {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly path: string;
  readonly minorVersion: 0 | 1;
  readonly headers: string;
  readonly body: Body;
  readonly upgrade: string | undefined;
  readonly #asked: Request;

  constructor(asked: Request, headers: string) {
    this.#asked = asked;
    this.method = asked.method;
    this.target = asked.target;
    this.host = asked.host;
    this.path = asked.path;
    this.minorVersion = asked.minorVersion;
    this.headers = headers;
    this.body = cleanTrailers(asked.body, none);
    this.upgrade = asked.upgrade;
  }

  get onGone(): (() => void) | undefined {
    return this.#asked.onGone;
  }

  set onGone(gone: (() => void) | undefined) {
    this.#asked.onGone = gone;
  }
}

const none = (): string => "";
