import { delimiter } from "node:path";
import { gatherServers } from "../../broker/gather.ts";

/** Prints the paths of the oldest and the newest nats-server that this machine can get, as `WEFT_NATS_SERVERS` wants them. */
const all = await gatherServers({ onProgress: (line) => console.error(line) });
const servers = all.length < 3 ? all : [all[0]!, all.at(-1)!];
for (const { version, path, from } of servers) console.error(`nats-server ${version}: ${path} (${from})`);
console.log(servers.map(({ path }) => path).join(delimiter));
