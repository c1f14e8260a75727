import { isIPv4 } from "node:net";

/** Whether a host name or address can only mean this machine (RFC 6761 §6.3, RFC 1122 §3.2.1.3, RFC 4291 §2.5.3). */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return (
    name === "localhost" || name === "::1" || name === "[::1]" || (isIPv4(name) && name.startsWith("127."))
  );
}

/** The host of a `Host` field, without its port. */
export const hostOf = (field: string): string => field.replace(/:\d*$/, "");
