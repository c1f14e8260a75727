import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A receiver of traces that reads what comes, says that all is well, and forgets it. */
export async function otlpSinkRole(_: object, say: (line: object) => void): Promise<void> {
  const server = createServer((request, response) => {
    request.resume().once("end", () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  say({ port: (server.address() as AddressInfo).port });
  await new Promise(() => {});
}
