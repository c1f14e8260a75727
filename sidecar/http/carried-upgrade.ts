/** `h2c` (RFC 7540 section 3.2), `HTTP/2.0`, `TLS/1.0` (RFC 2817), at any place of the list. */
const TO_HTTP = /(?:^|,)[ \t]*(?:h[23]c?|https?|tls)[ \t]*(?:[/,]|$)/i;

/**
 * Whether a change to that protocol is carried. One to HTTP itself is not: in the tunnel any request could be made, of any
 * path and in anybody's name, past all that looks at requests (h2c smuggling). RFC 9110 section 7.8 lets it be ignored.
 */
export const isCarried = (upgrade: string): boolean => !TO_HTTP.test(upgrade);
