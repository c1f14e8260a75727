import { join } from "node:path";
import { type ProxyKind, startProxyPair } from "./proxy-pair.ts";

/** Keep-alive towards the next hop, nothing buffered to disk, one process. */
const nginx: ProxyKind = {
  name: "nginx",
  versionArgs: ["-v"],
  extension: "conf",
  args: (config, folder) => ["-e", "stderr", "-p", folder, "-c", config],
  render: ({ listenPort, targetPort }, folder, name) => `
daemon off;
master_process off;
pid ${join(folder, `${name}.pid`)};
events { worker_connections 2048; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_max_body_size 0;
  client_body_buffer_size 128k;
  client_body_temp_path ${join(folder, `${name}-body`)};
  proxy_temp_path ${join(folder, `${name}-proxy`)};
  fastcgi_temp_path ${join(folder, `${name}-fastcgi`)};
  uwsgi_temp_path ${join(folder, `${name}-uwsgi`)};
  scgi_temp_path ${join(folder, `${name}-scgi`)};
  upstream next {
    server 127.0.0.1:${targetPort};
    keepalive 128;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
  }
  server {
    listen 127.0.0.1:${listenPort} backlog=1024;
    location / {
      proxy_pass http://next;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_buffers 16 16k;
      proxy_max_temp_file_size 0;
    }
  }
}
`,
};

export const startNginxPair = startProxyPair(nginx);
