import { type ProxyKind, startProxyPair } from "./proxy-pair.ts";

/** HTTP mode, keep-alive and connection reuse on both sides, one thread, as a sidecar would be set up. */
const haproxy: ProxyKind = {
  name: "haproxy",
  versionArgs: ["-v"],
  extension: "cfg",
  args: (config) => ["-db", "-f", config],
  render: ({ listenPort, targetPort }) => `
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 1m
  timeout server 1m
  timeout http-keep-alive 1m
frontend in
  bind 127.0.0.1:${listenPort}
  default_backend out
backend out
  server next 127.0.0.1:${targetPort}
`,
};

export const startHaproxyPair = startProxyPair(haproxy);
