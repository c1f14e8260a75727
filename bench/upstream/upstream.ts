import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../find-program.ts";
import { freePort, listensOn, startProgram, type Watched } from "../processes.ts";
import { startServing } from "../roles.ts";

/** The app that every path ends at. */
export interface Upstream {
  readonly title: string;
  readonly port: number;
  readonly process: Watched;
  stop(): Promise<void>;
}

/** Paths under it take uploads in full before they answer, and answer with as many bytes as their query says. */
export const STREAM_PATH = "/stream";

/**
 * Starts the app: nginx with one process where it is installed, as the goals were set with it; else one of our own.
 * Long streams always end at our own, because nginx by itself answers an upload before it has read it.
 */
export async function startUpstream(
  self: readonly string[],
  folder: string,
  bodies: readonly number[],
): Promise<Upstream> {
  const own = await freePort();
  const app = await startServing(self, "upstream", "upstream", { port: own });
  const nginx = findProgram("nginx");
  if (!nginx) return { title: "node:net, one process", port: own, process: app, stop: app.stop };

  const port = await freePort();
  const root = join(folder, "upstream");
  mkdirSync(root);
  for (const bytes of new Set([0, ...bodies])) writeFileSync(join(root, String(bytes)), "x".repeat(bytes));
  const config = join(folder, "upstream.conf");
  writeFileSync(config, nginxConfig(folder, root, port, own));
  const process = await startProgram("upstream", [nginx, "-e", "stderr", "-p", folder, "-c", config], {
    ready: listensOn(port),
    folder,
    name: "upstream",
  });
  const stop = async (): Promise<void> => void (await Promise.all([process.stop(), app.stop()]));
  return { title: "nginx, one process", port, process, stop };
}

/** A static server. A POST to a file is a 405 by nature; that it answers with the file is a known turn of nginx. */
const nginxConfig = (folder: string, root: string, port: number, streamPort: number): string => `
daemon off;
master_process off;
pid ${join(folder, "upstream.pid")};
events { worker_connections 1024; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_max_body_size 0;
  client_body_temp_path ${join(folder, "upstream-body")};
  proxy_temp_path ${join(folder, "upstream-proxy")};
  fastcgi_temp_path ${join(folder, "upstream-fastcgi")};
  uwsgi_temp_path ${join(folder, "upstream-uwsgi")};
  scgi_temp_path ${join(folder, "upstream-scgi")};
  open_file_cache max=100;
  server {
    listen 127.0.0.1:${port} backlog=1024;
    root ${root};
    error_page 405 =200 $uri;
    location ${STREAM_PATH} {
      proxy_pass http://127.0.0.1:${streamPort};
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_buffering off;
    }
  }
}
`;
