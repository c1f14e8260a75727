import { BlockList, isIP } from "node:net";
import { Refusal } from "./refusal.ts";

/** An IPv4 address as a socket for both families shows it (RFC 4291 §2.5.5.2). */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * What is wrong with a range, with the cure; undefined when nothing is. One with bits behind its prefix (`10.1.2.3/8`) is
 * refused: who writes it may mean one address, or all.
 */
export function cidrProblem(text: string): string | undefined {
  const range = rangeOf(text);
  if (range === undefined) return "give a range of addresses, such as 10.0.0.0/8 or fd00::/8";
  const { net, prefix, family } = range;
  const { bits, read, write } = NUMBERS[family];
  const behind = BigInt(bits - prefix);
  const first = (read(net) >> behind) << behind;
  if (first === read(net)) return undefined;
  return `${net} is not where that range begins: write ${write(first)}/${prefix} for all of it, or ${net}/${bits} for that address alone`;
}

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

/** An address as a number, and back; text of IPv6 is canonical (RFC 5952) because URLs make it so. */
const NUMBERS = {
  ipv4: {
    bits: 32,
    read: (ip: string) => ip.split(".").reduce((sum, part) => (sum << 8n) | BigInt(part), 0n),
    write: (value: bigint) => [24n, 16n, 8n, 0n].map((by) => (value >> by) & 255n).join("."),
  },
  ipv6: {
    bits: 128,
    read(ip: string) {
      const [head = "", tail] = canonical(ip).split("::");
      const groups = (text = "") => text.split(":").filter((group) => group !== "");
      const zeros = 8 - groups(head).length - groups(tail).length;
      const all = [...groups(head), ...Array<string>(zeros).fill("0"), ...groups(tail)];
      return all.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
    },
    write: (value: bigint) =>
      canonical(
        Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16)).join(
          ":",
        ),
      ),
  },
} as const;

const canonical = (ipv6: string): string => new URL(`http://[${ipv6}]`).hostname.slice(1, -1);
