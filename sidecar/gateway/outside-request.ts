import type { Request } from "../http/exchange.ts";
import type { Body } from "../stack/body.ts";

/** A request from outside with the header lines that go into the mesh. */
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
    this.body = asked.body;
    this.upgrade = asked.upgrade;
  }

  get onGone(): (() => void) | undefined {
    return this.#asked.onGone;
  }

  set onGone(gone: (() => void) | undefined) {
    this.#asked.onGone = gone;
  }
}
