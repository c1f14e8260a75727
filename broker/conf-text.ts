export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * Quotes text for nats-server.conf. Its double-quoted strings know `\\`, `\"`, `\t`, `\n`, `\r` and `\xHH`
 * (nats-server conf/lex.go).
 * @throws ConfigError for control characters, which no path or name should have
 */
export function quoted(text: string): string {
  if (/[\x00-\x1f\x7f]/.test(text))
    throw new ConfigError(`${JSON.stringify(text)} has control characters: choose another path or name`);
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/**
 * The name of a server or a cluster, quoted.
 * @throws ConfigError when it is empty or has blanks, which nats-server 2.10 and newer refuse
 */
export function quotedName(what: string, text: string): string {
  if (/^\S+$/.test(text)) return quoted(text);
  throw new ConfigError(`${what} ${JSON.stringify(text)} is empty or has blanks: choose a name without`);
}

/** `host:port`, with the brackets that an IPv6 address needs. */
export function hostPort(host: string, port: number): string {
  if (!Number.isInteger(port) || port < -1 || port > 65535)
    throw new ConfigError(`port ${port} is not between 0 and 65535`);
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Indents a block's lines by two spaces. */
export const block = (head: string, lines: readonly string[]): string =>
  [`${head} {`, ...lines.map((line) => `  ${line}`), "}"].join("\n");

/** The lines that are there: optional parts of a configuration are `undefined`. */
export const present = (lines: readonly (string | undefined)[]): string[] =>
  lines.filter((line) => line !== undefined);
