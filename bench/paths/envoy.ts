import { type ProxyKind, startProxyPair } from "./proxy-pair.ts";

const address = (port: number) => ({ socket_address: { address: "127.0.0.1", port_value: port } });

/** One listener, one static cluster, the router filter, one worker thread; JSON is YAML enough for Envoy. */
const envoy: ProxyKind = {
  name: "envoy",
  versionArgs: ["--version"],
  extension: "json",
  args: (config) => [
    "-c",
    config,
    "--concurrency",
    "1",
    "--use-dynamic-base-id",
    "--log-level",
    "error",
    "--disable-hot-restart",
  ],
  render: ({ listenPort, targetPort }, _folder, name) =>
    JSON.stringify({
      node: { id: name, cluster: "bench" },
      static_resources: {
        listeners: [
          {
            address: address(listenPort),
            filter_chains: [{ filters: [connectionManager] }],
          },
        ],
        clusters: [
          {
            name: "next",
            type: "STATIC",
            connect_timeout: "5s",
            load_assignment: {
              cluster_name: "next",
              endpoints: [{ lb_endpoints: [{ endpoint: { address: address(targetPort) } }] }],
            },
          },
        ],
      },
    }),
};

const connectionManager = {
  name: "envoy.filters.network.http_connection_manager",
  typed_config: {
    "@type":
      "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: "bench",
    route_config: {
      virtual_hosts: [
        {
          name: "all",
          domains: ["*"],
          routes: [{ match: { prefix: "/" }, route: { cluster: "next", timeout: "15s" } }],
        },
      ],
    },
    http_filters: [
      {
        name: "envoy.filters.http.router",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
      },
    ],
  },
};

export const startEnvoyPair = startProxyPair(envoy);
