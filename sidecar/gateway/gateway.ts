import type { Socket } from "node:net";
import type { Context } from "../context.ts";
import { type HttpServer, serveHttp } from "../http/server.ts";
import type { Address } from "../options.ts";
import { Clients } from "./clients.ts";
import { doors, type GatewayParts } from "./doors.ts";
import { GATEWAY_LIMITS, type GatewayOptions } from "./options.ts";
import { outsideAnswer } from "./outside-answer.ts";
import { type Secure, secure } from "./secure.ts";

/** Routes are waited for so long before the listeners open, while a registry is heard. */
const ROUTES_WAIT_MS = 5000;

/** An open way into the mesh. */
export interface Gateway {
  /** Such as `0.0.0.0:8443`; absent when it does not listen. */
  readonly https: string | undefined;
  readonly http: string | undefined;
  readonly connections: number;
  /** When the first of its own certificates ends, in Unix ms; absent when it has none. */
  readonly certificateEndsAt: number | undefined;
  /** It takes no more connections. */
  readonly leaving: boolean;
  /** Takes no more connections, and ends those that are open after the answer that is due; cuts them after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/**
 * Opens the listeners of a gateway.
 * @throws CertificateError; Error that names the address when a port is taken. Nothing is left open then
 */
export async function startGateway(
  context: Context,
  { https, http, redirectPort, limits: given }: GatewayOptions,
  parts: GatewayParts,
): Promise<Gateway> {
  const { sweep, service, say } = context;
  const limits = { ...GATEWAY_LIMITS, ...given };
  const { headTimeoutMs, trustedHops } = limits;
  const clients = new Clients(
    limits.maxConnections,
    trustedHops > 0 ? Number.POSITIVE_INFINITY : limits.maxConnectionsPerClient,
    limits.ratePerClient,
  );
  const servers: HttpServer[] = [];
  let tls: Secure | undefined;
  let leaving = false;
  const close = async (graceMs: number): Promise<void> => {
    leaving = true;
    await Promise.all(servers.map((server) => server.close(graceMs)));
    tls?.close();
    clients.destroy();
  };

  const serve = (listener: "http" | "https") => {
    const server = serveHttp({
      ...{ sweep, headTimeoutMs, idleTimeoutMs: context.limits.idleTimeoutMs, answers: outsideAnswer },
      limits: { bodyBytes: limits.maxBodyBytes },
      welcome(socket) {
        // One who is cut off before he is served is no fault of ours.
        socket.on("error", () => {});
        if (!clients.admit(socket)) socket.destroy();
        else if (listener === "https") tls!.begin(socket);
        else begin(socket);
      },
    });
    const handlerOf = doors({
      ...{ ...parts, service, listener, limits, clients, now: sweep.now },
      port: () => server.address.port,
      redirectPort: listener === "http" ? redirectPort : undefined,
    });
    const begin = (socket: Socket): void => server.begin(socket, handlerOf(socket));
    const listen = async ({ host, port }: Address): Promise<string> => {
      const bound = await server.listen(host, port);
      servers.push(server);
      return `${bound.family === "IPv6" ? `[${bound.address}]` : bound.address}:${bound.port}`;
    };
    return { begin, listen };
  };

  await parts.policies.whenKnown(service, ROUTES_WAIT_MS);
  try {
    const [plain, secured] = [serve("http"), serve("https")];
    if (https !== undefined) tls = await secure(https.certificates, headTimeoutMs, say, secured.begin);
    return {
      https: https && (await secured.listen(https)),
      http: http && (await plain.listen(http)),
      get connections() {
        return clients.connections;
      },
      get certificateEndsAt() {
        return tls?.endsAt;
      },
      get leaving() {
        return leaving;
      },
      close,
    };
  } catch (error) {
    await close(0);
    throw error;
  }
}
