import { type BlockList, isIP } from "node:net";
import { blockListOf, type Egress, type EgressHost } from "../../src/resources/egress.ts";

/** A host outside of the mesh, as a request names it. */
export interface Outside {
  /** In lower case, without brackets and last dot. */
  readonly host: string;
  readonly port: number;
}

/** As texts have it: an IPv6 address in brackets. */
export const shownHost = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/** As texts have it: `example.com:443`, `[2001:db8::1]:443`. */
export const shown = ({ host, port }: Outside): string => `${shownHost(host)}:${port}`;

/** A rule that lets a request out. */
export interface EgressRule {
  /** The host of the rule, as it is written; `*` for the default. Metrics and logs call it so: there are few. */
  readonly name: string;
  /** Undefined for all public ones. */
  readonly ranges: BlockList | undefined;
}

const BY_DEFAULT_PORTS: readonly number[] = [443, 80];
const LONGEST = 253;
/** `*.example.com` is for names below it, and `.example.com` is none. */
const EMPTY_LABEL = /^\.|\.\.|\.$/;
/** Whatever a resolver could read as an address: `127.1`, `0x7f000001`, `2130706433`, `0177.0.0.1`. */
const ENDS_IN_NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/i;

/**
 * Reads `example.com:443`, `[::1]:80`, `example.com`.
 * @param byDefault port where none is written
 * @returns a sentence when it is no host
 */
export function outsideOf(authority: string, byDefault: number): Outside | string {
  const [, bracketed, named, portText] = /^(?:\[([^\]]*)\]|([^:]*))(?::([0-9]*))?$/.exec(authority) ?? [];
  const port = portText === undefined || portText === "" ? byDefault : Number(portText);
  const host = bracketed?.toLowerCase() ?? (named ?? "").toLowerCase().replace(/\.$/, "");
  if (host === "" || EMPTY_LABEL.test(host) || host.length > LONGEST || host.includes("%"))
    return "it is no host";
  if (port < 1 || port > 65_535) return "it has no port that can be called";
  if (bracketed !== undefined ? isIP(host) !== 6 : isIP(named!) === 0 && ENDS_IN_NUMBER.test(host))
    return "it is an address in a spelling that is not carried: write it as 203.0.113.7 or [2001:db8::1]";
  return { host, port };
}

/** The rules of one calling service, compiled when its policy changes. */
export class EgressRules {
  readonly #byHost = new Map<string, readonly [EgressHost, EgressRule]>();
  readonly #byDefault: EgressRule | undefined;

  constructor({ default: byDefault, hosts }: Egress) {
    this.#byDefault = byDefault === "allow" ? { name: "*", ranges: undefined } : undefined;
    for (const one of hosts) {
      const rule = { name: one.host, ranges: one.addresses && blockListOf(one.addresses) };
      // The first of two that are alike counts.
      if (!this.#byHost.has(one.host)) this.#byHost.set(one.host, [one, rule]);
    }
  }

  /** @returns the rule that lets it out, or a sentence that says why none does */
  find({ host, port }: Outside, method: string): EgressRule | string {
    const found = this.#byHost.get(host) ?? this.#wildcard(host);
    if (found === undefined) {
      if (this.#byDefault === undefined) return `no rule of egress.hosts is for ${shownHost(host)}`;
      return BY_DEFAULT_PORTS.includes(port)
        ? this.#byDefault
        : `egress.default is for ports ${BY_DEFAULT_PORTS.join(" and ")}, not for ${port}`;
    }
    const [{ host: pattern, ports, methods }, rule] = found;
    if (!ports.includes(port)) return `the rule for ${pattern} is not for port ${port}`;
    if (methods !== undefined && !methods.includes(method))
      return `the rule for ${pattern} is not for ${method}`;
    return rule;
  }

  #wildcard(host: string): readonly [EgressHost, EgressRule] | undefined {
    if (isIP(host) !== 0) return undefined;
    for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) {
      const found = this.#byHost.get(`*${host.slice(dot)}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
