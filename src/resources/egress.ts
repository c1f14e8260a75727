import { BlockList, isIP } from "node:net";
import * as z from "zod/mini";
import { port } from "./scalars.ts";
import { described } from "./schema-notes.ts";

const NAME = /^(?:\*\.)?[a-z0-9](?:[-a-z0-9_]*[a-z0-9])?(?:\.[a-z0-9_](?:[-a-z0-9_]*[a-z0-9])?)*$/;
/** What URL parsers read as an IPv4 address in another spelling (WHATWG URL, "ends in a number"). */
const NUMERIC_END = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/;

/** A name of the mesh is called by its own way, never by that out of it. */
const isHost = (host: string): boolean =>
  (isIP(host) !== 0 && !host.includes("%")) ||
  (NAME.test(host) && !NUMERIC_END.test(host) && !/(?:^|\.)mesh$/.test(host));

function isRange(text: string): boolean {
  const [address = "", bits, more] = text.split("/");
  const family = isIP(address);
  if (
    family === 0 ||
    address.includes("%") ||
    bits === undefined ||
    more !== undefined ||
    !/^\d{1,3}$/.test(bits)
  )
    return false;
  return Number(bits) <= (family === 4 ? 32 : 128);
}

const egressHost = described(
  z.strictObject({
    host: described(
      z.string().check(z.minLength(1), z.maxLength(253), z.refine(isHost, { error: "is no host" })),
      "host name as it is called, *. and a domain for all names below it, or an IP address",
      {
        cure: 'write a host name in small letters, "*." and a domain, or an address such as 203.0.113.7; no scheme, no port, no name of the mesh',
      },
    ),
    ports: z._default(
      described(z.array(port).check(z.minLength(1), z.maxLength(16)), "ports that may be called"),
      () => [443, 80],
    ),
    methods: z.exactOptional(
      described(
        z.array(z.string().check(z.regex(/^[A-Z]{1,16}$/))).check(z.minLength(1), z.maxLength(16)),
        "methods of plain HTTP; of what goes through a tunnel nobody sees the methods: whoever may open one needs CONNECT here",
        { cure: "write methods in capitals: [GET, HEAD], with CONNECT for tunnels" },
      ),
    ),
    addresses: z.exactOptional(
      described(
        z
          .array(z.string().check(z.refine(isRange, { error: "is no range of addresses" })))
          .check(z.minLength(1), z.maxLength(16)),
        "ranges in which the addresses of the host must be; left out, all public ones. Private, loopback and link-local addresses are reached only when they are named here",
        { cure: "write ranges such as 10.1.0.0/16 or 2001:db8::/32" },
      ),
    ),
  }),
  "A host outside of the mesh that may be called.",
  { id: "EgressHost" },
);

/** Where a service may call outside of the mesh, through its sidecar. */
export const egress = described(
  z.strictObject({
    default: z._default(
      described(
        z.enum(["deny", "allow"]),
        "for hosts that are not listed; allow is for public addresses at ports 443 and 80",
      ),
      "deny",
    ),
    hosts: z._default(
      described(
        z.array(egressHost).check(z.maxLength(128)),
        "the hosts that may be called; an exact name counts before a wildcard, and a longer wildcard before a shorter one",
      ),
      () => [],
    ),
  }),
  "Which hosts outside of the mesh this service may call through its sidecar, with HTTP_PROXY and HTTPS_PROXY: plain HTTP, and tunnels (CONNECT) for TLS. Without it, none.",
  { id: "Egress" },
);

export type Egress = z.output<typeof egress>;
export type EgressHost = Egress["hosts"][number];

/** Reads ranges that the schema has checked. */
export function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", bits] = range.split("/");
    list.addSubnet(address, Number(bits), isIP(address) === 4 ? "ipv4" : "ipv6");
  }
  return list;
}
