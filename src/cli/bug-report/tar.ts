export interface TarFile {
  /** At most 100 characters of ASCII. */
  readonly name: string;
  readonly text: string;
}

const BLOCK = 512;

/** Files as an archive in the ustar format (POSIX.1-1988, IEEE Std 1003.1 pax, "ustar Interchange Format"). */
export function tar(files: readonly TarFile[], modifiedMs: number): Buffer {
  const parts = files.flatMap(({ name, text }) => {
    const data = Buffer.from(text);
    return [header(name, data.length, modifiedMs), data, Buffer.alloc(-data.length & (BLOCK - 1))];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function header(name: string, size: number, modifiedMs: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number) =>
    block.write(value.toString(8).padStart(length - 1, "0"), at, "latin1");
  block.write(name.slice(0, 100), 0, "latin1");
  octal(0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(Math.floor(modifiedMs / 1000), 136, 12);
  block.write("0", 156, "latin1");
  block.write("ustar\u000000", 257, "latin1");
  // The sum is made as if its own field held blanks.
  block.fill(" ", 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\u0000 `, 148, "latin1");
  return block;
}
