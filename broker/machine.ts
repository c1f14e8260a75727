import { accessSync, constants, mkdirSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { BINARY, type Env } from "./cache.ts";
import { searchFolders, serversOnPath } from "./candidates.ts";
import { runCommand } from "./command.ts";
import { installInCache } from "./install.ts";
import { PINNED_VERSION } from "./release.ts";
import { supportedVersionOf } from "./version.ts";

export type Installed = { path: string; version: string };

/** One way in which this machine can get a server by itself, without a question and without a password. */
export type Means = {
  /** The command, more or less: for the progress line. */
  name: string;
  from: "go" | "package manager";
  get(cacheDir: string, onProgress: (line: string) => void): Promise<Installed>;
};

/**
 * What this machine has. Go comes first: it gives the pinned version, where a distribution may have an older one.
 * A package manager that would ask for a password is left out.
 */
export function machineMeans(env: Env): Means[] {
  const has = (program: string): boolean => onPath(program, env);
  const root = process.getuid?.() === 0;
  const means: Means[] = [];
  if (has("go")) means.push(goToolchain(env));
  if (has("apt-get") && has("dpkg-deb")) means.push(debianPackage(env));
  if (has("apk") && root) means.push(installer(env, "apk", ["add", "--no-cache", "nats-server"]));
  if (has("pacman") && root) means.push(installer(env, "pacman", ["-S", "--noconfirm", "nats-server"]));
  if (has("brew") && !root) means.push(installer(env, "brew", ["install", "nats-server"]));
  return means;
}

/** Builds the pinned version from source; the toolchain checks what it fetches against Go's checksum database. */
function goToolchain(env: Env): Means {
  const module = `github.com/nats-io/nats-server/v2@v${PINNED_VERSION}`;
  return {
    name: `go install ${module}`,
    from: "go",
    get: (cacheDir, onProgress) =>
      installInCache(cacheDir, async (scratch) => {
        // A separate step, because a module proxy out of reach should be known in seconds, not after minutes.
        await runCommand("go", ["list", "-m", module], { env, cwd: scratch, withinMs: 20_000 });
        onProgress("building nats-server with Go: this takes about a minute, once");
        const settings = {
          env: { ...env, GOBIN: scratch, CGO_ENABLED: "0" },
          cwd: scratch,
          withinMs: 300_000,
        };
        await runCommand("go", ["install", module], settings);
        return join(scratch, BINARY);
      }),
  };
}

/**
 * Takes the server out of Debian's package instead of installing it: no root is needed, nothing changes on the
 * system, and the package's own service is not started on port 4222.
 */
function debianPackage(env: Env): Means {
  return {
    name: "apt-get download nats-server",
    from: "package manager",
    get: (cacheDir, onProgress) =>
      installInCache(cacheDir, async (scratch) => {
        const apt = (args: readonly string[], withinMs: number): Promise<string> =>
          runCommand("apt-get", args, { env: { ...env, LC_ALL: "C" }, cwd: scratch, withinMs });
        try {
          await apt(["-q", "download", "nats-server"], 60_000);
        } catch {
          // The machine's package lists are empty or old. Ours are separate, so that this works without root.
          onProgress("fetching Debian's package lists");
          for (const folder of ["lists", "cache"]) mkdirSync(join(scratch, folder));
          const own = [`Dir::State::Lists=${join(scratch, "lists")}`, `Dir::Cache=${join(scratch, "cache")}`];
          const options = own.flatMap((setting) => ["-o", setting]);
          await apt(["-q", ...options, "-o", "Acquire::Retries=0", "update"], 60_000);
          await apt(["-q", ...options, "download", "nats-server"], 60_000);
        }
        const file = readdirSync(scratch).find((name) => name.endsWith(".deb"));
        if (!file) throw new Error("apt-get download left no package");
        await runCommand("dpkg-deb", ["-x", file, "package"], { env, cwd: scratch, withinMs: 60_000 });
        return join(scratch, "package", "usr", "sbin", BINARY);
      }),
  };
}

/** A package manager that installs for the whole system. */
function installer(env: Env, program: string, args: readonly string[]): Means {
  return {
    name: `${program} ${args.join(" ")}`,
    from: "package manager",
    get: async () => {
      await runCommand(program, args, { env: { ...env, NONINTERACTIVE: "1" }, withinMs: 180_000 });
      const [path] = serversOnPath(searchFolders(env));
      if (!path) throw new Error(`${program} installed no nats-server where Weft looks for it`);
      return { path, version: await supportedVersionOf(path) };
    },
  };
}

function onPath(program: string, env: Env): boolean {
  return (env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
