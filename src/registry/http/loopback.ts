/** True for an address that only this machine can reach. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);

/**
 * True when a `Host` field (RFC 9110 §7.2) names this machine itself. A page of another site can make a browser
 * connect here under a name of its own (DNS rebinding), but it cannot choose the field.
 */
export function namesLoopback(host: string | undefined): boolean {
  const match = /^(\[[0-9a-f:]+\]|[^:[\]]+)(?::\d+)?$/i.exec(host ?? "");
  return match !== null && isLoopback(match[1]!.toLowerCase());
}
