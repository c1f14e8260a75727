import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import type { z } from "zod";
import { readRequest } from "./otlp.ts";
import { exportTraceRequest, plain } from "./otlp-schema.ts";

/** A loopback receiver of OTLP/HTTP in protobuf. What is not as the specification has it is an error of `spans`. */
export async function otlpReceiver(t: TestContext, status = 200) {
  const bodies: Buffer[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const type = request.headers["content-type"];
    if (request.url === "/v1/traces" && type === "application/x-protobuf") bodies.push(body);
    response.writeHead(status, { "content-type": "application/x-protobuf" }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: () =>
      bodies.map(read).flatMap((body) =>
        body.resourceSpans.flatMap(({ resource, scopeSpans }) =>
          scopeSpans.flatMap(({ spans }) =>
            spans.map((span) => ({
              ...span,
              attributes: plain(span.attributes),
              events: (span.events ?? []).map(({ name, attributes }) => ({
                name,
                attributes: plain(attributes),
              })),
              resource: plain(resource.attributes),
              service: plain(resource.attributes)["service.name"],
            })),
          ),
        ),
      ),
  };
}

const read = (body: Buffer): z.infer<typeof exportTraceRequest> =>
  exportTraceRequest.parse(readRequest(body));
