import * as z from "zod/mini";
import { parseDuration } from "../protocol/duration.ts";
import { RESERVED } from "../subjects/token.ts";
import { described } from "./schema-notes.ts";

/** RFC 1123 names, as Kubernetes reads them. */
const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const TOKEN = /^[a-z0-9-]+$/;
/** RFC 9110 §5.6.2 `token`: names of header fields and of cookies. */
const FIELD_NAME = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;
/** RFC 9110 §5.5 `field-value` of visible ASCII: no line break can get into a head. */
const FIELD_VALUE = /^[!-~](?:[\t -~]*[!-~])?$/;

const text = (min: number, max: number) => z.string().check(z.minLength(min), z.maxLength(max));

/** Name of a Weft service: narrower than an `ObjectName`, because it becomes part of a subject. */
export const serviceName = described(
  text(1, 63).check(
    z.regex(TOKEN),
    z.refine((name) => !RESERVED.has(name), { error: "is a name of the mesh itself" }),
  ),
  "name of a service of the mesh",
  { cure: 'write the name of a service: 1 to 63 of the characters a-z, 0-9 and "-"' },
);

export const versionName = described(
  text(1, 63).check(z.regex(TOKEN)),
  "version of the service, as its sidecar was started with; left out, any version",
  { cure: 'write the version as text of a-z, 0-9 and "-", in quotes when it is a number: "2", "1-2-0"' },
);

export const objectName = described(text(1, 253).check(z.regex(SUBDOMAIN)), "name of the object", {
  cure: 'write a name of a-z, 0-9, "-" and ".", which begins and ends with a letter or a digit',
});

export const namespaceName = described(text(1, 63).check(z.regex(LABEL)), "namespace", {
  cure: 'write a name of a-z, 0-9 and "-", which begins and ends with a letter or a digit',
});

export const headerName = described(text(1, 256).check(z.regex(FIELD_NAME)), "name of a header field", {
  cure: "write the name of a header field: letters, digits and !#$%&'*+-.^_`|~, no space and no colon",
});

export const cookieName = described(text(1, 256).check(z.regex(FIELD_NAME)), "name of a cookie", {
  cure: "write the name of a cookie: letters, digits and !#$%&'*+-.^_`|~",
});

export const headerValue = described(
  text(1, 4096).check(z.regex(FIELD_VALUE)),
  "value of the header field, visible ASCII with spaces or tabs inside",
  { cure: "write 1 to 4096 visible ASCII characters; no line break, and no space at either end" },
);

/** `PreciseHostname` of the standard: no wildcard. */
export const hostname = described(text(1, 253).check(z.regex(SUBDOMAIN)), "host name, without a port", {
  cure: 'write a host name in small letters, without scheme, port or "*"',
});

/** `Hostname` of the standard: a first label of `*` stands for one or more labels. */
export const routeHostname = described(
  text(1, 253).check(
    z.regex(new RegExp(`^(?:\\*\\.)?${SUBDOMAIN.source.slice(1)}`)),
    z.refine((name) => !/^[0-9.]+$/.test(name), { error: "is an address" }),
  ),
  "host name, or *. and a domain",
  { cure: 'write a host name in small letters, or "*." and a domain; no scheme, port or address' },
);

export const port = described(z.int().check(z.minimum(1), z.maximum(65_535)), "port number", {
  cure: "write a port number from 1 to 65535, without quotes",
});

export const duration = described(
  z.string().check(
    z.regex(/^(?:[0-9]{1,5}(?:h|m|s|ms)){1,4}$/),
    z.refine((value) => parseDuration(value) !== undefined),
  ),
  "duration (GEP-2257)",
  {
    cure: "write a duration such as 250ms, 2s or 1h30m: at most four numbers of five digits with h, m, s or ms",
  },
);

/**
 * A duration with bounds, both included, in ms.
 * @param problem what a finding says of one outside of them
 */
export const durationWithin = (leastMs: number, mostMs: number, problem: string) =>
  duration.check(
    z.refine(
      (value) => {
        const ms = parseDuration(value) ?? 0;
        return ms >= leastMs && ms <= mostMs;
      },
      { error: problem },
    ),
  );

export const percentage = described(
  z.number().check(z.minimum(0), z.maximum(100)),
  "percentage of the calls; may have decimals",
  { cure: "write a number from 0 to 100, without a % sign" },
);
