import { type BlockList, isIP } from "node:net";
import { blockListOf } from "../../src/resources/egress.ts";

/** What is no public unicast address (IANA's special-purpose registries, RFC 6890): nobody is sent there by a mere name. */
const NOT_PUBLIC_4 = blockListOf([
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  // Azure's metadata and DNS, of every virtual machine there, among its public ones.
  "168.63.129.16/32",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
]);
/** Of IPv6 only these are given out, but for some in them that lead elsewhere: Teredo, documentation, 6to4. */
const GIVEN_OUT_6 = blockListOf(["2000::/3"]);
const NOT_PUBLIC_6 = blockListOf(["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"]);

/**
 * Whether a connection may be made to an address.
 * @param ranges that policy names; undefined for all public addresses
 */
export function mayConnect(address: string, ranges: BlockList | undefined): boolean {
  // One of a zone (`fe80::1%eth0`) is link-local, and no parser takes it.
  if (address.includes("%")) return false;
  const inner = embedded(address);
  const family = isIP(inner);
  if (family === 0) return false;
  const type = family === 4 ? "ipv4" : "ipv6";
  if (ranges !== undefined) return ranges.check(inner, type);
  if (family === 4) return !NOT_PUBLIC_4.check(inner, type);
  return GIVEN_OUT_6.check(inner, type) && !NOT_PUBLIC_6.check(inner, type);
}

/** The IPv4 address within `::ffff:a.b.c.d`, however it is written: that is where such a connection goes. */
function embedded(address: string): string {
  if (!address.includes(":") || isIP(address) !== 6) return address;
  // The URL parser writes any address in its one shortest form.
  const short = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short) ?? [];
  if (high === undefined || low === undefined) return address;
  const bits = (Number.parseInt(high, 16) << 16) | Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");
}
