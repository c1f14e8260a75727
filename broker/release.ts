/** The nats-server that Weft fetches when the machine has none. Raised by hand, together with the table below. */
export const PINNED_VERSION = "2.15.0";

export const OFFICIAL_RELEASES = "https://github.com/nats-io/nats-server/releases/download";

/**
 * SHA-256 of the pinned release's archives. Linux and Windows: from the recipes of the project's own container images
 * (nats-io/nats-docker, `2.15.x/`, version 2.15.0). macOS: from unrelated public projects that checked the release's
 * SHA256SUMS and agree, two for Intel and several for Apple silicon. An archive that is not listed is checked against
 * the SHA256SUMS file beside it.
 */
export const PINNED_CHECKSUMS: Readonly<Record<string, string>> = {
  "nats-server-v2.15.0-linux-amd64.tar.gz":
    "5d2c51caca950333aba84911df7d377f826f3a59ec36061c6539105084f65c92",
  "nats-server-v2.15.0-linux-arm64.tar.gz":
    "cdc208f5a3f42963a52b6ab06ef65626bb870315dc936e26ba571780c6351112",
  "nats-server-v2.15.0-linux-arm7.tar.gz": "ec5f4689d017e07cfa18442e10da051c0f3f9dd2e7f4dc7cdb55a11f1303c952",
  "nats-server-v2.15.0-linux-386.tar.gz": "f572eccdbb35ab5c7fef7703a5b6ca49e55d039e441920ba5478972ecdcf7a47",
  "nats-server-v2.15.0-linux-s390x.tar.gz":
    "ac50bf4adc8fa6db575ed9293417b6fbec746e71cc9d360aea5cd447e4207bfc",
  "nats-server-v2.15.0-linux-ppc64le.tar.gz":
    "a402bf73f91f674735cc85aa0e7d06d5dfa3044b98cda6ea9937cfee4e05a266",
  "nats-server-v2.15.0-darwin-amd64.tar.gz":
    "5bd8b59ca5bf93fab3da2c5843cf564cd6e2e291e22ae3b861746e7ebe259b95",
  "nats-server-v2.15.0-darwin-arm64.tar.gz":
    "e1c4e22d70bd44abfa0bcb3c16f7cf0c66f648c2e728c58924e8a1ce88913cc8",
  "nats-server-v2.15.0-windows-amd64.zip": "2d0861dc2ca3567d17f7d19611d7b346cc2ccbd7086a0a77cc957a2c71663200",
};

export type Release = {
  version: string;
  /** What `/v<version>/<archive>` is appended to. */
  baseUrl: string;
  /** Known SHA-256 sums by archive name; what is not here is looked up in the release's SHA256SUMS. */
  checksums: Readonly<Record<string, string>>;
};

/** The pinned release, from the official place or from a mirror named by `WEFT_NATS_DOWNLOAD`. */
export const pinnedRelease = (mirror?: string): Release => ({
  version: PINNED_VERSION,
  baseUrl: (mirror || OFFICIAL_RELEASES).replace(/\/+$/, ""),
  checksums: PINNED_CHECKSUMS,
});

const SYSTEMS: Partial<Record<NodeJS.Platform, string>> = {
  linux: "linux",
  darwin: "darwin",
  win32: "windows",
  freebsd: "freebsd",
};
const PROCESSORS: Partial<Record<NodeJS.Architecture, string>> = {
  x64: "amd64",
  arm64: "arm64",
  arm: "arm7",
  ia32: "386",
  s390x: "s390x",
  ppc64: "ppc64le",
};

/**
 * The name of the release's archive for a machine, without its ending: `nats-server-v2.15.0-linux-amd64`.
 * @returns undefined when the project publishes none for this platform
 */
export function archiveStem(
  version: string,
  platform: NodeJS.Platform = process.platform,
  arch: NodeJS.Architecture = process.arch,
): string | undefined {
  const [system, processor] = [SYSTEMS[platform], PROCESSORS[arch]];
  return system && processor ? `nats-server-v${version}-${system}-${processor}` : undefined;
}

export const archiveEnding = (platform: NodeJS.Platform = process.platform): string =>
  platform === "win32" ? ".zip" : ".tar.gz";
