import type { Meaning } from "./code.ts";

/** The part of the closed list that is about the ways in and out of the mesh: gateways and egress. */
export const EDGE_CODES = {
  "body-too-large": {
    status: 413,
    delivered: "unknown",
    flag: "DPE",
    cause: "the request body is longer than the gateway takes",
    cure: "send less at once, or raise --max-body of the gateway",
  },
  misdirected: {
    status: 421,
    delivered: "no",
    flag: "NR",
    cause: "the host of the request is not the one that the TLS connection was made for",
    cure: "open a connection for each host: the server name of TLS and Host have to be the same",
  },
  "no-policy": {
    status: 503,
    delivered: "no",
    flag: "NC",
    cause: "the gateway does not know its routes yet",
    cure: "look whether the registry runs: the gateway asks it for its routes when it starts",
  },
  "egress-denied": {
    status: 403,
    delivered: "no",
    flag: "UAEX",
    cause: "the host is outside of the mesh, and the policy of the calling service does not let it go there",
    cure: "name the host in egress.hosts of the ServicePolicy of the calling service",
  },
  "egress-unreachable": {
    status: 502,
    delivered: "no",
    flag: "UF",
    cause: "the host outside of the mesh has no address, or nobody answers there",
    cure: "look whether the name is right and the host is up",
  },
} as const satisfies Record<string, Meaning>;
