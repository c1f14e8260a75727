import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Code } from "../../src/protocol/code.ts";
import { hostnameOf } from "../../src/routing/hostnames.ts";
import type { GatewayPlace } from "../../src/routing/rules.ts";
import type { Request } from "../http/exchange.ts";
import { fieldValues } from "../http/header-block.ts";
import type { OnRequest } from "../http/server-connection.ts";
import { type Door, refuse } from "../outbound/listener.ts";
import type { PolicySource } from "../policy-source.ts";
import { clientOf } from "./client-address.ts";
import type { Clients } from "./clients.ts";
import { hasDotSegments } from "./dot-segments.ts";
import type { GatewayLimits } from "./options.ts";
import { outsideAnswer } from "./outside-answer.ts";
import { outsideHeaders } from "./outside-headers.ts";
import { OutsideRequest } from "./outside-request.ts";
import { redirectToHttps } from "./redirect.ts";
import { gatewayRouter } from "./router.ts";

/** What the gateway has of the sidecar around it. */
export interface GatewayParts {
  readonly policies: PolicySource;
  /** The way into the mesh. */
  readonly handlerFor: (door: Door) => OnRequest;
  /** Told of each request that is refused before it is a call. */
  readonly refused: (request: Request, code: Code, message: string) => void;
}

export interface DoorsOptions extends GatewayParts {
  readonly service: string;
  readonly listener: GatewayPlace["listener"];
  readonly port: () => number;
  /** Requests are sent to https at this port; they are routed when absent. */
  readonly redirectPort: number | undefined;
  readonly limits: GatewayLimits;
  readonly clients: Clients;
  /** Monotonic, in ms. */
  readonly now: () => number;
}

/** Makes, for each connection of a listener, what handles its requests. */
export function doors(options: DoorsOptions): (socket: Socket) => OnRequest {
  const { policies, handlerFor, service, listener, redirectPort, clients, now } = options;
  const { trustedHops, continueTraces } = options.limits;
  const route = gatewayRouter(policies, service, listener, options.port);
  const headersOf = outsideHeaders({ trustedHops, continueTraces, listener });
  const turnAway = (code: Code, message: string, retryAfterMs?: number): OnRequest => {
    return (request, responder) => {
      options.refused(request, code, message);
      refuse(outsideAnswer, request, responder, code, message, retryAfterMs);
    };
  };
  const noPolicy = turnAway("no-policy", "the routes are not known yet");
  const noRoute = turnAway("no-route", "no route is for this host");
  const unrouted: OnRequest = (request, responder) =>
    (policies.get(service) === undefined ? noPolicy : noRoute)(request, responder);
  const redirect =
    redirectPort === undefined
      ? undefined
      : redirectToHttps(
          redirectPort,
          gatewayRouter(policies, service, "https", () => redirectPort),
          unrouted,
        );
  return (socket) => {
    const peer = socket.remoteAddress ?? "";
    const named =
      socket instanceof TLSSocket && socket.servername ? hostnameOf(socket.servername) : undefined;
    const clientAddress = clientOf(peer, [], 0).address;
    const handle = redirect ?? handlerFor({ route, unrouted, clientAddress, answers: outsideAnswer });
    return (asked, responder) => {
      const written = trustedHops === 0 ? [] : fieldValues(asked.headers, "x-forwarded-for");
      const client = clientOf(peer, written, trustedHops);
      const waitMs = clients.take(client.address, now());
      if (waitMs > 0) turnAway("rate-limited", "too many requests", waitMs)(asked, responder);
      // One connection, one host: else whoever may call one host could hide behind its name which other he calls.
      else if (named !== undefined && hostnameOf(asked.host) !== named)
        turnAway("misdirected", `the connection was made for ${named}`)(asked, responder);
      // No rule can look at a path that the app resolves to another.
      else if (hasDotSegments(asked.path))
        turnAway("bad-request", "the path has dot segments, or what an app may take for them")(
          asked,
          responder,
        );
      else handle(new OutsideRequest(asked, headersOf(asked.headers, asked.host, client)), responder);
    };
  };
}
