export interface AppSurroundings {
  readonly port: number;
  /** The sidecar's outbound listener, as a URL. */
  readonly proxy: string;
  readonly service: string;
  readonly version: string;
  readonly instance: string;
}

const LOOPBACK = ["localhost", "127.0.0.1", "::1"];

/**
 * What the app finds in its environment: where to listen, and the way into the mesh. HTTPS_PROXY is left alone: what is
 * encrypted by the app itself is not for the mesh. Both cases of the names are set, because programs differ in which
 * they read (curl reads `http_proxy` in lower case only).
 */
export function appEnvironment(env: NodeJS.ProcessEnv, around: AppSurroundings): NodeJS.ProcessEnv {
  const before = [env.NO_PROXY, env.no_proxy]
    .flatMap((list) => list?.split(",") ?? [])
    .map((entry) => entry.trim());
  const noProxy = [...new Set([...LOOPBACK, ...before.filter((entry) => entry !== "")])].join(",");
  return {
    ...env,
    PORT: String(around.port),
    HTTP_PROXY: around.proxy,
    http_proxy: around.proxy,
    NO_PROXY: noProxy,
    no_proxy: noProxy,
    WEFT_SERVICE: around.service,
    WEFT_VERSION: around.version,
    WEFT_INSTANCE: around.instance,
  };
}
