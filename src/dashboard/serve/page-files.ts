import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";

const TYPES = {
  "index.html": "text/html; charset=utf-8",
  "app.js": "text/javascript; charset=utf-8",
  "app.css": "text/css; charset=utf-8",
  "icon.svg": "image/svg+xml",
} as const;

/** Addresses that the pages themselves make sense of; each may be opened, and reloaded, as it is. */
const PAGES = [
  ...["/", "/services/:service", "/traces", "/traces/:traceId", "/explain/:requestId"],
  ...["/identities", "/policy"],
];

/**
 * Serves the built pages, read once.
 * @param folder what the build has made of `src/dashboard/pages`
 * @throws Error when a file is missing: the build makes them all
 */
export function addPageFiles(app: FastifyInstance, folder: string): void {
  for (const [name, type] of Object.entries(TYPES)) {
    const content = readFileSync(join(folder, name));
    const paths = name === "index.html" ? PAGES : [`/${name}`];
    for (const path of paths) app.get(path, async (_, reply) => reply.type(type).send(content));
  }
}
