import type { HashSource } from "../../src/resources/balance.ts";
import type { Sticky } from "../../src/resources/service-policy.ts";
import { cookieValue } from "../http/cookie.ts";
import { fieldValue } from "../http/header-block.ts";
import type { KeyOf } from "../policy/split.ts";

/** What calls have in common that go to the same backend of a split, or to the same instance. */
export function keyOf(sticky: Sticky | HashSource, caller: string): KeyOf {
  if ("header" in sticky) {
    const name = sticky.header.toLowerCase();
    return (call) => fieldValue(call.head.headers, name);
  }
  if ("cookie" in sticky) return (call) => cookieValue(call.head.headers, sticky.cookie);
  // Whom the app works for, as the proxies before it wrote it down: the first of the list.
  if ("ip" in sticky)
    return (call) => fieldValue(call.head.headers, "x-forwarded-for")?.split(",", 1).join().trim();
  return () => caller;
}
