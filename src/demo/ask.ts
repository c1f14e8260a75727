import { request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly weftError: string | undefined;
}

/** GET through a sidecar, as `curl -x PROXY URL` does it. */
export function ask(
  proxy: string,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const { hostname, port } = new URL(proxy);
  const fields = { host: new URL(url).host, ...headers };
  return new Promise((resolve, reject) => {
    request({ host: hostname, port, path: url, headers: fields }, async (response) => {
      try {
        let text = "";
        for await (const chunk of response.setEncoding("utf8")) text += chunk;
        const weftError = response.headers["weft-error"];
        resolve({
          status: response.statusCode ?? 0,
          text,
          weftError: weftError === undefined ? undefined : String(weftError),
        });
      } catch (error) {
        reject(error);
      }
    })
      .once("error", reject)
      .end();
  });
}
