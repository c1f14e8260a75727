import { request } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { byRole } from "./measure.ts";
import type { Path } from "./paths/path.ts";
import { STREAM_PATH } from "./upstream/upstream.ts";
import { rssMiB } from "./usage.ts";

/** What became of a path's processes while long bodies went through. */
export interface Growth {
  readonly path: string;
  readonly bytes: number;
  readonly upMiBPerS: number;
  readonly downMiBPerS: number;
  /** Most that each sidecar grew by in MiB, in either direction. */
  readonly growthMiB: Readonly<Record<string, number>>;
}

const MIB = 1024 ** 2;
const SAMPLE_MS = 50;

/** Streams up, then down, and watches the memory of the sidecars all the while. */
export async function measureStreams(path: Path, bytes: number): Promise<Growth> {
  const sidecars = path.processes.filter(({ role }) => role === "outbound" || role === "inbound");
  const before = byRole(sidecars, rssMiB);
  const most = { ...before };
  const sampler = setInterval(() => {
    for (const [role, mib] of Object.entries(byRole(sidecars, rssMiB)))
      most[role] = Math.max(most[role] ?? 0, mib);
  }, SAMPLE_MS);
  try {
    const upS = await timed(() => transfer(path.stream!, `${STREAM_PATH}?0`, bytes, 0));
    const downS = await timed(() => transfer(path.stream!, `${STREAM_PATH}?${bytes}`, 0, bytes));
    return {
      path: path.name,
      bytes,
      upMiBPerS: bytes / MIB / upS,
      downMiBPerS: bytes / MIB / downS,
      growthMiB: Object.fromEntries(Object.entries(before).map(([role, mib]) => [role, most[role]! - mib])),
    };
  } finally {
    clearInterval(sampler);
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

/** Sends `upBytes` and reads the answer; rejects unless it is a 2xx with exactly `downBytes`. */
async function transfer(
  { port, host }: { port: number; host: string },
  path: string,
  upBytes: number,
  downBytes: number,
): Promise<void> {
  const outgoing = request({
    host: "127.0.0.1",
    port,
    path,
    method: upBytes > 0 ? "POST" : "GET",
    headers: { host, ...(upBytes > 0 && { "content-length": upBytes }) },
  });
  const answered = new Promise<number>((resolve, reject) => {
    outgoing.once("error", reject);
    outgoing.once("response", (response) => {
      let received = 0;
      response.on("data", (chunk: Buffer) => {
        received += chunk.length;
      });
      response.once("error", reject);
      response.once("end", () => {
        if (response.statusCode === 200) resolve(received);
        else reject(new Error(`${path} was answered with ${response.statusCode}`));
      });
    });
  });
  await Promise.all([pipeline(Readable.from(chunks(upBytes)), outgoing), answered]);
  const received = await answered;
  if (received !== downBytes) throw new Error(`${path} gave ${received} bytes instead of ${downBytes}`);
}

function* chunks(bytes: number): Generator<Buffer> {
  const chunk = Buffer.alloc(64 * 1024, "x");
  for (let left = bytes; left > 0; left -= chunk.length)
    yield left >= chunk.length ? chunk : chunk.subarray(0, left);
}
