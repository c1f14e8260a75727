import { EDGE_CODES } from "./edge-code.ts";

/** Whether the app may have seen the call: "no" makes a second attempt safe for any method. */
export type Delivered = "no" | "unknown";

export interface Meaning {
  /** HTTP status of an answer that the mesh makes for this code. */
  readonly status: number;
  readonly delivered: Delivered;
  /** Envoy's response flag for access logs, where there is one. */
  readonly flag: string;
  readonly cause: string;
  readonly cure: string;
}

/** Every reason for which the mesh answers, refuses or ends a call by itself. The list is closed. */
export const CODES = {
  "bad-request": {
    status: 400,
    delivered: "no",
    flag: "DPE",
    cause: "the request is not HTTP/1.1, or could be read in two ways",
    cure: "mend the client: the sentence in the body names the field",
  },
  "target-too-long": {
    status: 414,
    delivered: "no",
    flag: "DPE",
    cause: "the request target is longer than the limit",
    cure: "send the data in the body",
  },
  "head-too-large": {
    status: 431,
    delivered: "no",
    flag: "DPE",
    cause: "the request head has too many bytes or too many fields",
    cure: "send fewer or smaller fields; cookies are the usual cause",
  },
  "request-timeout": {
    status: 408,
    delivered: "no",
    flag: "DPE",
    cause: "the request head did not arrive in time",
    cure: "look at the client: it opened a connection and sent no whole head",
  },
  unsupported: {
    status: 501,
    delivered: "no",
    flag: "DPE",
    cause:
      "the request asks for something that the mesh does not carry (CONNECT, a transfer coding but chunked)",
    cure: "use plain HTTP/1.1 to the .mesh name; the mesh encrypts what travels",
  },
  "not-mesh": {
    status: 421,
    delivered: "no",
    flag: "NR",
    cause: "the host is not a name of the mesh",
    cure: "call http://SERVICE.mesh/ or http://vVERSION.SERVICE.mesh/; put other hosts into NO_PROXY, or into egress.hosts of the ServicePolicy of the calling service",
  },
  "no-instance": {
    status: 503,
    delivered: "no",
    flag: "UH",
    cause: "no instance of the service (or of that version) is on the mesh",
    cure: "look at `weft get instances`; start one with `weft run SERVICE --version V --port P -- CMD`",
  },
  "broker-away": {
    status: 503,
    delivered: "no",
    flag: "UF",
    cause: "this sidecar has no connection to the broker at the moment",
    cure: "look at the broker's log; the sidecar reconnects by itself",
  },
  "broker-lost": {
    status: 502,
    delivered: "unknown",
    flag: "UC",
    cause: "the connection to the broker broke while the call was under way",
    cure: "call again when that is safe; look at the broker's log",
  },
  denied: {
    status: 403,
    delivered: "no",
    flag: "UAEX",
    cause: "this caller may not call that service",
    cure: "ask the owner of the service, or a token with that callee",
  },
  unauthenticated: {
    status: 401,
    delivered: "no",
    flag: "UAEX",
    cause: "the service asks for the token of an end user, and the call has none that is good",
    cure: "send a token that its issuer signed for this service: WWW-Authenticate says what is wrong with it; the policy is `authentication`",
  },
  "issuer-away": {
    status: 503,
    delivered: "no",
    flag: "UAEX",
    cause:
      "the call has a token of an end user, and the keys to check it with could not be had from its issuer",
    cure: "look at the issuer, and at authentication.providers[].jwks of the service's policy; the callee's sidecar asks again by itself",
  },
  draining: {
    status: 503,
    delivered: "no",
    flag: "UH",
    cause: "the instance that was asked is leaving",
    cure: "none needed: another instance is tried",
  },
  "app-unreachable": {
    status: 503,
    delivered: "no",
    flag: "UF",
    cause: "the callee's app refused the connection before a byte was sent",
    cure: "look at the app of the callee: is it listening on the port that its sidecar was given?",
  },
  overloaded: {
    status: 503,
    delivered: "no",
    flag: "UO",
    cause: "the instances that are up, and their queues, are full",
    cure: "add instances, slow down, or raise limits.maxConcurrency of the service's policy",
  },
  "rate-limited": {
    status: 429,
    delivered: "no",
    flag: "RL",
    cause: "the service gets more calls than its rate limit lets through",
    cure: "slow down: Retry-After says until when; or raise rateLimit of the service's policy",
  },
  "parked-expired": {
    status: 503,
    delivered: "no",
    flag: "UH",
    cause: "while the call was held no instance came, or those that are there took none",
    cure: "look at `weft get instances`; start one, raise their maxConcurrency, or park.maxWait of the service's policy",
  },
  "retry-budget": {
    status: 503,
    delivered: "unknown",
    flag: "URX",
    cause: "an attempt failed that an app may have seen, and the retry budget of the service allows no other",
    cure: "mend the callee: it fails more than its budget covers; retryBudget of its policy raises it",
  },
  "service-ejected": {
    status: 503,
    delivered: "no",
    flag: "UO",
    cause: "the service failed so many calls in a row that it is asked only now and then",
    cure: "look at the callee's log; the policy is breaker.service",
  },
  overflow: {
    status: 503,
    delivered: "no",
    flag: "UO",
    cause: "too many calls wait in this sidecar",
    cure: "slow down, add instances of the callee, or raise the limit",
  },
  version: {
    status: 502,
    delivered: "no",
    flag: "UPE",
    cause: "the two sidecars do not speak a common protocol version",
    cure: "bring the older sidecar up to date",
  },
  "too-large": {
    status: 431,
    delivered: "no",
    flag: "UPE",
    cause: "the head does not fit into one message of the broker",
    cure: "send a smaller head, or raise max_payload of the broker",
  },
  "app-reset": {
    status: 502,
    delivered: "unknown",
    flag: "UC",
    cause: "the callee's app closed the connection before it answered",
    cure: "look at the app of the callee: did it crash?",
  },
  "app-protocol": {
    status: 502,
    delivered: "unknown",
    flag: "UPE",
    cause: "the callee's app did not answer in HTTP/1.1, or in a way that could be read in two ways",
    cure: "mend the app: the sentence in the body names the field",
  },
  gone: {
    status: 502,
    delivered: "unknown",
    flag: "UC",
    cause: "the instance that had the call has gone",
    cure: "look at the callee; call again when that is safe",
  },
  lost: {
    status: 502,
    delivered: "unknown",
    flag: "UF",
    cause: "no instance confirmed that it has the call: the message or its receipt was lost",
    cure: "call again when that is safe; look at the broker's log if it lasts",
  },
  "broken-stream": {
    status: 502,
    delivered: "unknown",
    flag: "UPE",
    cause: "part of a body was lost or came malformed",
    cure: "call again when that is safe; look at the broker's log if it lasts",
  },
  "no-route": {
    status: 404,
    delivered: "no",
    flag: "NR",
    cause: "routes are attached to the service, and no rule of theirs takes this request",
    cure: "look at `weft get routes SERVICE`; add a rule, or call one version: http://vVERSION.SERVICE.mesh/",
  },
  "no-backend": {
    status: 500,
    delivered: "no",
    flag: "NC",
    cause: "the rule that took the request names no backend with a weight above 0",
    cure: "give the rule a backendRef: `weft get routes ROUTE -o yaml` shows it",
  },
  "unknown-backend": {
    status: 500,
    delivered: "no",
    flag: "NC",
    cause: "the rule that took the request names a service or a version that the mesh has never seen",
    cure: "start it, or mend the backendRef: `weft analyze --live` names all such",
  },
  fault: {
    status: 503,
    delivered: "no",
    flag: "FI",
    cause: "a fault that policy injects on purpose",
    cure: "none needed; `weft get policies SERVICE -o yaml` shows the faults, and who wants none deletes them",
  },
  "attempt-timeout": {
    status: 504,
    delivered: "unknown",
    flag: "UT",
    cause: "the time for one attempt is used up",
    cure: "make the callee faster, or raise timeouts.backendRequest of the route",
  },
  deadline: {
    status: 504,
    delivered: "unknown",
    flag: "UT",
    cause: "the time for the whole call is used up",
    cure: "make the callee faster, or give the call more time: timeouts.request of its route or policy, header weft-timeout, flag --timeout; the shortest of the first two counts",
  },
  idle: {
    status: 504,
    delivered: "unknown",
    flag: "SI",
    cause: "nothing moved on a stream for longer than the idle limit",
    cure: "send keep-alive data, or raise --idle-timeout",
  },
  outrun: {
    status: 499,
    delivered: "unknown",
    flag: "DC",
    cause:
      "an attempt that began later was answered first (hedge), so this one was given up; no caller gets it",
    cure: "none needed now and then; an instance that is outrun time after time is slow, or hangs: look at it",
  },
  cancelled: {
    status: 499,
    delivered: "unknown",
    flag: "DC",
    cause: "the caller left before the answer",
    cure: "none needed; look at the caller's own time limit if it is a surprise",
  },
  ...EDGE_CODES,
  internal: {
    status: 500,
    delivered: "unknown",
    flag: "-",
    cause: "the sidecar has a fault of its own",
    cure: "please report it with the sidecar's log",
  },
} as const satisfies Record<string, Meaning>;

export type Code = keyof typeof CODES;

export const isCode = (text: string): text is Code => Object.hasOwn(CODES, text);

export const meaningOf = (code: Code): Meaning => CODES[code];
