import { BlockList, isIP } from "node:net";
import { Refusal } from "./refusal.ts";

/** An IPv4 address as a socket for both families shows it (RFC 4291 §2.5.5.2). */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** A range in CIDR notation (RFC 4632, RFC 4291 §2.3): an IPv4 one never as IPv6, so that one range has one spelling. */
export const isCidr = (text: string): boolean => rangeOf(text) !== undefined;

/** @throws Refusal unless one of the ranges has the address; no range at all means any address */
export function refuseElsewhere(cidrs: readonly string[], address: string): void {
  if (cidrs.length === 0) return;
  const plain = MAPPED.exec(address)?.[1] ?? address.replace(/%.*$/, "");
  const family = familyOf(plain);
  const ranges = new BlockList();
  // BlockList would find an IPv4 address in ::/0.
  for (const range of cidrs.map(rangeOf))
    if (range?.family === family) ranges.addSubnet(range.net, range.prefix, family);
  if (isIP(plain) !== 0 && ranges.check(plain, family)) return;
  throw new Refusal(
    "token-elsewhere",
    `the token is not for use from ${plain}, only from ${cidrs.join(", ")}`,
    'enrol from there, or ask for another with "weft token SERVICE --cidr RANGE"; this one is still good',
  );
}

const familyOf = (ip: string): "ipv4" | "ipv6" => (isIP(ip) === 4 ? "ipv4" : "ipv6");

function rangeOf(
  cidr: string,
): { readonly net: string; readonly prefix: number; readonly family: "ipv4" | "ipv6" } | undefined {
  const [, net = "", bits = ""] = /^([0-9a-fA-F:.]{2,45})\/(\d{1,3})$/.exec(cidr) ?? [];
  const version = isIP(net);
  const prefix = Number(bits);
  if (version === 0 || prefix > (version === 4 ? 32 : 128)) return undefined;
  return /^::ffff:/i.test(net) ? undefined : { net, prefix, family: familyOf(net) };
}
