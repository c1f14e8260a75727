import { Duplex } from "node:stream";

/** A connection that has already said everything. */
export class Said extends Duplex {
  constructor(text: string) {
    super();
    this.push(Buffer.from(text, "latin1"));
    this.push(null);
  }
  override _read(): void {}
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
  setTimeout() {
    return this;
  }
  setNoDelay() {}
  setKeepAlive() {}
  ref() {}
  unref() {}
}
