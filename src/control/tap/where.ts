import { ask, type Facts, FIELDS, type Field, TEXT_OPERATORS, type Test } from "./ask-field.ts";
import { type Word, words } from "./words.ts";

export type { Facts } from "./ask-field.ts";

/** The expression is wrong; the message says where and how it is mended. */
export class WhereError extends Error {
  override readonly name = "WhereError";
}

export const MAX_WHERE = 500;
const MAX_COMPARISONS = 32;
const MAX_DEPTH = 16;

/**
 * Reads which calls a tap is about, such as `status >= 500 && (caller == web || path ~ '/cart/*')`. Comparisons of one
 * field with one value, `&&`, `||`, `!` and parentheses; nothing is computed, nothing is called, and each comparison
 * takes time in the length of the call's own text at most.
 * @param text empty for all calls
 * @returns what tells of one call whether it is meant; never throws
 * @throws WhereError
 */
export function where(text: string): Test {
  if (text.length > MAX_WHERE) throw new WhereError(`the expression is longer than ${MAX_WHERE} characters`);
  const found = words(text);
  if (typeof found === "string") throw new WhereError(found);
  if (found.length === 0) return () => true;
  return new Reader(found).whole();
}

/** Recursive descent; `||` binds less than `&&`. */
class Reader {
  readonly #words: readonly Word[];
  #at = 0;
  #depth = 0;
  #comparisons = 0;

  constructor(found: readonly Word[]) {
    this.#words = found;
  }

  whole(): Test {
    const test = this.#any();
    if (this.#at < this.#words.length) throw this.#wrong('"&&", "||" or the end');
    return test;
  }

  #any(): Test {
    const tests = [this.#every()];
    while (this.#takes("||")) tests.push(this.#every());
    return tests.length === 1 ? tests[0]! : (facts) => tests.some((test) => test(facts));
  }

  #every(): Test {
    const tests = [this.#one()];
    while (this.#takes("&&")) tests.push(this.#one());
    return tests.length === 1 ? tests[0]! : (facts) => tests.every((test) => test(facts));
  }

  #one(): Test {
    if (++this.#depth > MAX_DEPTH) throw new WhereError("the expression is too deep");
    const test = this.#takes("!") ? not(this.#one()) : this.#takes("(") ? this.#inner() : this.#comparison();
    this.#depth--;
    return test;
  }

  #inner(): Test {
    const test = this.#any();
    if (!this.#takes(")")) throw this.#wrong('")"');
    return test;
  }

  #comparison(): Test {
    if (++this.#comparisons > MAX_COMPARISONS)
      throw new WhereError(`the expression compares more than ${MAX_COMPARISONS} times`);
    const field = this.#words[this.#at];
    if (field?.kind !== "text" || !isField(field.text))
      throw this.#wrong(`a field (${Object.keys(FIELDS).join(", ")})`);
    this.#at++;
    const operator = this.#words[this.#at];
    if (operator?.kind !== "operator") throw this.#wrong(`one of ${TEXT_OPERATORS}, <, <=, > and >=`);
    this.#at++;
    const value = this.#words[this.#at];
    if (value?.kind !== "text") throw this.#wrong(`a value for ${field.text}`);
    this.#at++;
    const test = ask(field.text, operator.text, value.text);
    if (typeof test === "string") throw new WhereError(test);
    return test;
  }

  #takes(sign: string): boolean {
    const word = this.#words[this.#at];
    const isIt = word?.kind === "sign" && word.text === sign;
    if (isIt) this.#at++;
    return isIt;
  }

  #wrong(wanted: string): WhereError {
    const word = this.#words[this.#at];
    const place = word === undefined ? "at its end" : `at character ${word.from + 1}, "${word.text}"`;
    return new WhereError(`the expression is wrong ${place}: there should be ${wanted}`);
  }
}

const isField = (text: string): text is Field => Object.hasOwn(FIELDS, text);

const not =
  (test: Test): Test =>
  (facts: Facts) =>
    !test(facts);
