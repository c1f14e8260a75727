/** The command line that starts this very program, for its child processes. */
export const selfCommand = (): readonly string[] => [process.execPath, ...process.execArgv, process.argv[1]!];
