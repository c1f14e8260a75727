import { realpathSync } from "node:fs";
import { dirname } from "node:path";

/** The command line that starts this very program, for its child processes. */
export const selfCommand = (): readonly string[] => [process.execPath, ...process.execArgv, process.argv[1]!];

/** The folder of the checkout that this program was built in. */
export const checkoutFolder = (): string => dirname(dirname(realpathSync(process.argv[1]!)));
