import { mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { anythingNewer, changedAt } from "./freshness.mjs";

const TOP = fileURLToPath(new URL("../..", import.meta.url));
const OUT = join(TOP, "dist");
const MARK = join(OUT, ".built");
const SOURCES = ["src", "sidecar", "broker", "bench", "package-lock.json"];
/** A program that runs may still load a piece of the build before: such pieces go after a day. */
const KEEP_OLD_MS = 86_400_000;

export const needsBuild = () =>
  changedAt(join(OUT, "weft.js")) < 0 ||
  anythingNewer(
    SOURCES.map((path) => join(TOP, path)),
    changedAt(MARK),
  );

/**
 * zod carries its messages in 60 languages, and bundlers cannot drop them, because they are reachable by name. We use
 * its English ones: 3 MiB of RSS less in each sidecar.
 */
const withoutZodLocales = {
  name: "without-zod-locales",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
      loader: "js",
    }));
  },
};

/** What the dashboard serves as it is. */
const PAGE_FILES = { index: "src/dashboard/pages/index.html", icon: "src/dashboard/pages/icon.svg" };

/**
 * Bundles the program to dist/weft.js and pieces that load when first needed, so that an idle sidecar carries only
 * what it uses; and the dashboard's pages to dist/dashboard, for browsers.
 * @throws Error with esbuild's messages
 */
export async function build() {
  const startedAt = new Date();
  const { build: bundle } = await import("esbuild");
  const pages = await bundle({
    absWorkingDir: TOP,
    entryPoints: { app: "src/dashboard/pages/main.tsx", ...PAGE_FILES },
    outdir: join(OUT, "dashboard"),
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".html": "copy", ".svg": "copy" },
    // These are sent to others: with the licences that go with them.
    legalComments: "eof",
    write: false,
    logLevel: "silent",
  });
  const { outputFiles, metafile } = await bundle({
    absWorkingDir: TOP,
    entryPoints: { weft: "src/cli/main.ts" },
    outdir: OUT,
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    // Starts its own workers by path, and only a bench needs it.
    external: ["autocannon"],
    // Dependencies in CommonJS ask for built-in modules with require.
    banner: {
      js: 'import { createRequire as weftCreateRequire } from "node:module"; const require = weftCreateRequire(import.meta.url);',
    },
    plugins: [withoutZodLocales],
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  // The entry goes last and by rename: whoever starts meanwhile gets the old program or the new one, whole.
  outputFiles.sort((a, b) => Number(basename(a.path) === "weft.js") - Number(basename(b.path) === "weft.js"));
  for (const { path, contents } of [...pages.outputFiles, ...outputFiles]) {
    mkdirSync(dirname(path), { recursive: true });
    const temporary = `${path}.${process.pid}.tmp`;
    writeFileSync(temporary, contents);
    renameSync(temporary, path);
  }
  writeFileSync(MARK, "");
  utimesSync(MARK, startedAt, startedAt); // what was edited during the build is newer than it
  dropOld(new Set(outputFiles.map(({ path }) => path)), startedAt.getTime());
  return metafile;
}

function dropOld(current, now) {
  const folder = join(OUT, "chunks");
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!current.has(path) && now - changedAt(path) > KEEP_OLD_MS) rmSync(path, { force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { outputs } = await build();
  for (const [path, { bytes }] of Object.entries(outputs)
    .sort(([, a], [, b]) => b.bytes - a.bytes)
    .slice(0, 8))
    console.log(`${String(Math.round(bytes / 1024)).padStart(6)} KiB  ${relative(TOP, join(TOP, path))}`);
}
