/** Nearly every text is of these, which JSON has as they are. */
const PLAIN = /^[\w./:*-]*$/;
const NOT_ASCII = /[\u0080-\uffff]/g;
const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** A text as JSON has it, in ASCII alone: such a line has as many bytes as characters, and is copied in one go. */
export const jsonText = (value: string): string =>
  PLAIN.test(value) ? `"${value}"` : JSON.stringify(value).replace(NOT_ASCII, escaped);

/**
 * Texts of ASCII one behind another, as bytes. To add up many texts and to make bytes of them at the end leaves thousands
 * of small objects, which push the rest of the data path out of the processor's caches, which cost more than to write them.
 */
export class AsciiBytes {
  #bytes: Buffer;
  #length = 0;

  /** @param size in bytes, to begin with */
  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size);
  }

  add(text: string): void {
    const end = this.#length + text.length;
    if (end > this.#bytes.length) this.#grow(end);
    this.#bytes.write(text, this.#length, "latin1");
    this.#length = end;
  }

  /** All of them; nothing can be added any more. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(least: number): void {
    const larger = Buffer.allocUnsafe(Math.max(least, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
