import { benchCommand } from "./command.ts";

// Runs the bench straight from the sources: node --import tsx bench/bin.ts --quick
const self = [process.execPath, ...process.execArgv, process.argv[1]!];
await benchCommand(self).parseAsync();
process.exit();
