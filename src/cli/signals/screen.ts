/** What a `Screen` is shown on: a terminal. */
export interface Terminal {
  readonly rows?: number;
  write(text: string): unknown;
}

const ESC = "\u001b[";
/** The other screen, so that what was there before comes back (xterm, DEC private modes 1049 and 25). */
const ENTER = `${ESC}?1049h${ESC}?25l`;
const LEAVE = `${ESC}?25h${ESC}?1049l`;
const HOME = `${ESC}H`;
const CLEAR_LINE = `${ESC}K`;
const CLEAR_REST = `${ESC}J`;

/** Shows one picture after another without a flicker: each is written over the one before, and nothing is cleared first. */
export class Screen {
  readonly #terminal: Terminal;
  #isOpen = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** @param lines no wider than the terminal; those that do not fit below each other are left out */
  show(lines: readonly string[]): void {
    // Some say 0.
    const rows = this.#terminal.rows || 24;
    const fitting = lines.slice(0, rows - 1).map((line) => `${line}${CLEAR_LINE}`);
    this.#terminal.write(`${this.#isOpen ? "" : ENTER}${HOME}${fitting.join("\r\n")}${CLEAR_REST}`);
    this.#isOpen = true;
  }

  /** Puts the terminal back as it was. May be called twice. */
  close(): void {
    if (this.#isOpen) this.#terminal.write(LEAVE);
    this.#isOpen = false;
  }
}
