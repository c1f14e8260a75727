import { request } from "node:http";

/**
 * GET through the proxy in HTTP_PROXY, as any program does that knows HTTP proxies: the whole URL is the target
 * (RFC 9112 §3.2.2). Nothing here is of the mesh.
 * @param {string | undefined} traceparent of the request that this call is made for (W3C Trace Context), so that all of
 * it is one trace
 */
export function get(url, traceparent) {
  const proxy = new URL(process.env.HTTP_PROXY);
  return answerOf({
    host: proxy.hostname,
    port: proxy.port,
    path: url,
    headers: { host: new URL(url).host, ...context(traceparent) },
  });
}

/** GET of an address, without a proxy: for a listener of the sidecar that stands for one service. */
export const getAt = (address, path, traceparent) =>
  answerOf({ host: address.hostname, port: address.port, path, headers: context(traceparent) });

const context = (traceparent) => (traceparent === undefined ? {} : { traceparent });

function answerOf(options) {
  return new Promise((resolve, reject) => {
    request(options, async (response) => {
      let text = "";
      try {
        for await (const chunk of response.setEncoding("utf8")) text += chunk;
        resolve({ status: response.statusCode, text });
      } catch (error) {
        reject(error);
      }
    })
      .once("error", reject)
      .end();
  });
}
