/** One word of an expression, and where it begins. */
export interface Word {
  /** `text` is the name of a field, or a value without its quotes. */
  readonly kind: "text" | "operator" | "sign";
  readonly text: string;
  readonly from: number;
}

/** Longest first. A value without quotes has no blank, quote, parenthesis or operator in it. */
const WORD =
  /\s*(?:(?<sign>&&|\|\||[()]|!(?![=~]))|(?<operator>==|!=|!~|<=|>=|<|>|=|~)|"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<bare>[^\s"'()!=<>~&|]+))/y;

/** In place of the signs, as people also write them. */
const SIGNS: Readonly<Record<string, string>> = { and: "&&", or: "||", not: "!" };

/** Takes an expression apart. @returns what is wrong, in a sentence, when it cannot be */
export function words(text: string): Word[] | string {
  const found: Word[] = [];
  const ends = text.trimEnd().length;
  WORD.lastIndex = 0;
  while (WORD.lastIndex < ends) {
    const from = WORD.lastIndex;
    const groups = WORD.exec(text)?.groups;
    if (groups === undefined)
      return `the expression is wrong at character ${from + 1}: is a quote left open, or a value with blanks not in quotes?`;
    const { sign, operator, double, single, bare } = groups;
    const asSign = sign ?? (bare === undefined ? undefined : SIGNS[bare.toLowerCase()]);
    if (asSign !== undefined) found.push({ kind: "sign", text: asSign, from });
    else if (operator !== undefined) found.push({ kind: "operator", text: operator, from });
    else found.push({ kind: "text", text: double ?? single ?? bare ?? "", from });
  }
  return found;
}
