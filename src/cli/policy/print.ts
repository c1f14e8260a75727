let watched = false;

/** Data on stdout. Who reads it may leave early, as `head` does: then nothing more is to be done. */
export function print(text: string): void {
  if (!watched)
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit();
    });
  watched = true;
  process.stdout.write(text);
}

export const printLine = (text: string): void => print(`${text}\n`);

export const printJson = (value: unknown): void => printLine(JSON.stringify(value, null, 2));
