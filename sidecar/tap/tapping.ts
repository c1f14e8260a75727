import type { TappedCall, TappedMessage } from "../../src/control/tap/wire.ts";
import { HEADER } from "../../src/protocol/header-names.ts";
import { fieldValue } from "../http/header-block.ts";
import { accountOf } from "../observe/accounts.ts";
import type { RecentCall } from "../observe/recent-calls.ts";
import type { Tapped } from "../observe/record.ts";
import type { Body } from "../stack/body.ts";
import type { Call } from "../stack/call.ts";
import type { Outcome } from "../stack/outcome.ts";
import { PeekedBody, type Seen, seenOf } from "./peeked-body.ts";
import type { Tap, TapParts } from "./tap.ts";
import { fieldsWithoutSecrets, shownBody } from "./without-secrets.ts";

/** A body that goes on for longer is told as far as it has come. */
const WAIT_FOR_BODY_MS = 1000;

/** One call, while somebody taps its side. */
export class Tapping implements Tapped {
  readonly #taps: readonly Tap[];
  readonly #parts: TapParts;
  readonly #bodyBytes: number;
  readonly #request: (() => Seen) | undefined;

  constructor(taps: readonly Tap[], call: Call, parts: TapParts) {
    this.#taps = taps;
    this.#parts = parts;
    // What follows a wish to change protocols is a tunnel.
    const looks = call.head.upgrade === undefined && taps.some((tap) => tap.hasRoom);
    this.#bodyBytes = looks ? Math.max(...taps.map(({ order }) => order.bodyBytes)) : 0;
    if (this.#bodyBytes > 0) [call.head.body, this.#request] = peek(call.head.body, this.#bodyBytes);
  }

  /** @returns the outcome, with its body looked into as it passes */
  ended(kept: RecentCall, outcome: Outcome): Outcome {
    // A caller that left the choice to the broker did not name it.
    const call = kept.side === "server" ? { ...kept, version: this.#parts.version } : kept;
    const taps = this.#taps.filter((tap) => tap.takes(call));
    if (taps.length === 0) return outcome;
    const answer = outcome.kind === "replied" ? outcome : undefined;
    const headers = outcome.headers ?? "";
    let told = false;
    const tell = (response: (() => Seen) | undefined): void => {
      if (told) return;
      told = true;
      for (const tap of taps) tap.tell(this.#tapped(call, headers, response, tap.order.bodyBytes));
    };
    if (answer === undefined || this.#bodyBytes === 0 || answer.status === 101) {
      tell(undefined);
      return outcome;
    }
    const [body, seen] = peek(answer.body, this.#bodyBytes, () => tell(seen));
    if (body === answer.body) tell(seen);
    else this.#parts.clock.after(WAIT_FOR_BODY_MS, () => tell(seen));
    return { ...answer, body };
  }

  #tapped(
    kept: RecentCall,
    headers: string,
    response: (() => Seen) | undefined,
    bodyBytes: number,
  ): TappedCall {
    const requestId = fieldValue(kept.headers, HEADER.requestId);
    return {
      ...accountOf(kept, this.#parts),
      version: kept.version,
      ...(requestId === undefined ? {} : { requestId }),
      request: message(kept.headers, this.#request, bodyBytes),
      response: message(headers, response, bodyBytes),
    };
  }
}

const message = (headers: string, body: (() => Seen) | undefined, most: number): TappedMessage => ({
  headers: fieldsWithoutSecrets(headers),
  ...(body === undefined || most === 0 ? {} : bodyOf(body(), most)),
});

function bodyOf({ bytes, passed, whole }: Seen, most: number): Pick<TappedMessage, "body"> {
  if (passed === 0 && whole) return {};
  return { body: shownBody({ bytes: bytes.subarray(0, most), passed, whole }) };
}

/** @returns the body to go on with, and the way to learn what was seen of it */
function peek(body: Body, most: number, settled?: () => void): [Body, () => Seen] {
  if (body.complete) {
    const seen = seenOf(body, most);
    return [body, () => seen];
  }
  const peeked = new PeekedBody(body, most, settled);
  return [peeked, () => peeked.seen];
}
