import type { Sticky } from "../../src/resources/service-policy.ts";
import { cookieValue } from "../http/cookie.ts";
import { fieldValue } from "../http/header-block.ts";
import type { KeyOf } from "../policy/split.ts";

/** What calls have in common that go to the same backend of a split. A call without it is drawn at random. */
export function keyOf(sticky: Sticky, caller: string): KeyOf {
  if ("header" in sticky) {
    const name = sticky.header.toLowerCase();
    return (call) => fieldValue(call.head.headers, name);
  }
  if ("cookie" in sticky) return (call) => cookieValue(call.head.headers, sticky.cookie);
  return () => caller;
}
