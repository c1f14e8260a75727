import { createServer } from "node:http";

/**
 * Serves JSON on $PORT.
 * @param {(path: string, traceparent?: string) => object | undefined | Promise<object | undefined>} answer undefined is a 404
 */
export function serve(answer) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://x");
    const [status, body] = await Promise.resolve(answer(pathname, request.headers.traceparent)).then(
      (found) => (found ? [200, found] : [404, { error: `nothing at ${request.url}` }]),
      (error) => [502, { error: error.message }],
    );
    response.writeHead(status, { "content-type": "application/json" });
    response.end(`${JSON.stringify(body)}\n`);
  });
  server.listen(Number(process.env.PORT), "127.0.0.1");
  process.once("SIGTERM", () => server.close(() => process.exit(0)));
}
