import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../find-program.ts";
import { freePort, listensOn, type Started, startProgram } from "../processes.ts";
import { startServing } from "../roles.ts";

/** The app that every path ends at. */
export interface Upstream {
  readonly title: string;
  readonly port: number;
  readonly process: Started;
  /** Path that answers with the bytes to stream. */
  readonly streamPath: string;
}

/** Starts the app: nginx with one worker where it is installed, as the goals were set with it; else one of our own. */
export async function startUpstream(
  self: readonly string[],
  folder: string,
  bodies: readonly number[],
  streamBytes: number,
): Promise<Upstream> {
  const port = await freePort();
  const nginx = findProgram("nginx");
  if (!nginx) {
    const process = await startServing(self, "upstream", "upstream", { port });
    return { title: "node:net, one process", port, process, streamPath: `/stream?${streamBytes}` };
  }
  const root = join(folder, "upstream");
  mkdirSync(root);
  for (const bytes of new Set([0, ...bodies])) writeFileSync(join(root, String(bytes)), "x".repeat(bytes));
  writeFileSync(join(root, "stream"), "");
  truncateSync(join(root, "stream"), streamBytes);
  const config = join(folder, "upstream.conf");
  writeFileSync(config, nginxConfig(folder, root, port));
  const process = await startProgram("upstream", [nginx, "-e", "stderr", "-p", folder, "-c", config], {
    ready: listensOn(port),
    folder,
    name: "upstream",
  });
  return { title: "nginx, one process", port, process, streamPath: "/stream" };
}

/** A static server. A POST to a file is a 405 by nature; that it answers with the file is a known turn of nginx. */
const nginxConfig = (folder: string, root: string, port: number): string => `
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
  }
}
`;
