import { readFileSync } from "node:fs";
import { PINNED_VERSION } from "./release.ts";

/** How to install nats-server by hand on this platform, in one or two lines. */
export function installAdvice(
  platform: NodeJS.Platform = process.platform,
  osRelease: string = platform === "linux" ? readOsRelease() : "",
): string {
  const command = packageCommand(platform, osRelease);
  const release = `https://github.com/nats-io/nats-server/releases/tag/v${PINNED_VERSION}`;
  const byHand = `unpack the archive for your platform from ${release} and set WEFT_NATS_SERVER to the nats-server in it`;
  return command ? `run: ${command}\nor ${byHand}` : byHand;
}

/** @param osRelease the text of /etc/os-release (freedesktop.org os-release: ID and ID_LIKE) */
function packageCommand(platform: NodeJS.Platform, osRelease: string): string | undefined {
  if (platform === "darwin") return "brew install nats-server";
  if (platform === "win32") return "winget install NATSAuthors.NATSServer";
  const families = [...osRelease.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap((match) =>
    match[1]!.split(" "),
  );
  if (families.includes("debian")) return "sudo apt-get install nats-server";
  if (families.includes("alpine")) return "sudo apk add nats-server";
  if (families.includes("arch")) return "sudo pacman -S nats-server";
  return undefined;
}

function readOsRelease(): string {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch {
    return ""; // a system without it gets the general advice
  }
}
