import { type IncomingHttpHeaders, request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** One GET through a sidecar, on a connection of its own. Rejects when the sidecar cannot be reached. */
export function ask(port: number, host: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path, headers: { host }, agent: false }, (response) => {
      response
        .toArray()
        .then((chunks) =>
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        )
        .catch(reject);
    })
      .once("error", reject)
      .end();
  });
}
