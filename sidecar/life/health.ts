import { request } from "node:http";
import { connect } from "node:net";

/** The address of an app. */
export interface AppAddress {
  readonly host: string;
  readonly port: number;
}

/** One look at the app; the reason when it is not healthy. */
export type Check = () => Promise<string | undefined>;

const CHECK_TIMEOUT_MS = 1000;

/** Healthy when something listens. */
export const tcpCheck =
  ({ host, port }: AppAddress): Check =>
  () =>
    new Promise((resolve) => {
      const socket = connect({ host, port, timeout: CHECK_TIMEOUT_MS });
      const end = (problem?: string) => {
        socket.destroy();
        resolve(problem);
      };
      socket.once("connect", () => end());
      socket.once("timeout", () =>
        end(`the app at ${host}:${port} did not accept within ${CHECK_TIMEOUT_MS} ms`),
      );
      socket.once("error", (error) =>
        end(
          `nothing accepts at ${host}:${port} (${error.message}): does the app listen on the port in PORT?`,
        ),
      );
    });

/** Healthy when GET of a path answers with 2xx or 3xx, as a Kubernetes `httpGet` probe. */
export const httpCheck =
  ({ host, port }: AppAddress, path: string): Check =>
  () =>
    new Promise((resolve) => {
      const sent = request({ host, port, path, timeout: CHECK_TIMEOUT_MS, agent: false }, (response) => {
        const { statusCode = 0 } = response;
        response.resume();
        resolve(statusCode >= 200 && statusCode < 400 ? undefined : `GET ${path} answers ${statusCode}`);
      });
      sent.once("timeout", () => sent.destroy(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)));
      sent.once("error", (error) => resolve(`GET ${path} at ${host}:${port}: ${error.message}`));
      sent.end();
    });
