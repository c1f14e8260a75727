import { type Agent, request } from "node:http";

export interface Asked {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly rawHeaders: readonly string[];
  readonly text: string;
}

/** One HTTP request to a sidecar's listener, with any `Host`; on a connection of its own when no agent is given. */
export function ask(
  listen: string,
  host: string,
  path = "/",
  { method = "GET", headers = {}, body = "" as string | Buffer, agent = false as Agent | false } = {},
): Promise<Asked> {
  const [address = "", port = ""] = listen.split(":");
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: address, port, path, method, headers: { host, ...headers }, agent },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            rawHeaders: response.rawHeaders,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
