/** Something the user can mend: one line says what is wrong, the other what to do. Never shown with a stack trace. */
export class Fault extends Error {
  override readonly name: string = "Fault";
  readonly cure: string;
  readonly exitCode: number;

  constructor(what: string, cure: string, exitCode = 1) {
    super(what);
    this.cure = cure;
    this.exitCode = exitCode;
  }
}

/** The command line itself is wrong: exit code 2. */
export class UsageFault extends Fault {
  override readonly name = "UsageFault";

  constructor(what: string, cure: string) {
    super(what, cure, 2);
  }
}
