import { isIP } from "node:net";

/** Who asks, as far as it can be known. */
export interface Client {
  readonly address: string;
  /** What trusted proxies have written into `x-forwarded-for`, the client first; empty for none. */
  readonly forwardedFor: string;
}

/**
 * Tells the client's address by counting proxies, as Envoy does with `use_remote_address` and `xff_num_trusted_hops`:
 * without any it is the peer's, with N of them the Nth from the end of `x-forwarded-for`. What stands before it anybody
 * may have written, and it goes no further. When there are fewer entries than proxies, or one is no address, somebody
 * came past them: then the peer's own address counts and nothing else.
 * @param peer at the other end of the connection
 * @param written all values of `x-forwarded-for`, in their order
 */
export function clientOf(peer: string, written: readonly string[], trustedHops: number): Client {
  const own = { address: plainAddress(peer), forwardedFor: "" };
  if (trustedHops === 0 || written.length === 0) return own;
  const entries = written.join(",").split(",").slice(-trustedHops).map(addressIn);
  if (entries.length < trustedHops || entries.includes("")) return own;
  return { address: entries[0]!, forwardedFor: entries.join(", ") };
}

/** Without the port that some proxies write; empty when it is no address. */
function addressIn(entry: string): string {
  const text = entry.trim();
  const [, bracketed, dotted] = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/.exec(text) ?? [];
  const address = bracketed ?? dotted ?? text;
  return isIP(address) === 0 || address.includes("%") ? "" : plainAddress(address);
}

/** An IPv4 address as it is written, also where a socket of both families shows it as IPv6. */
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "");

/** What limits are counted by: of IPv6 the first 64 bits, since one customer has all that begin so. */
export function clientKey(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  // Only groups that stand within the first four count; a dotted end is two groups, both behind them.
  const zeros = tail === undefined ? 0 : 8 - groups.length - rest.length - Number(address.includes("."));
  const all = [...groups, ...Array.from({ length: Math.max(0, zeros) }, () => "0"), ...rest];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
