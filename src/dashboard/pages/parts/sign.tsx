import type { Sign } from "../model/sign.ts";

/** A shape in a colour, and its word: for eyes, and for readers that have none. */
export function SignMark({
  sign: { tone, mark, word },
  quiet = false,
}: {
  readonly sign: Sign;
  readonly quiet?: boolean;
}) {
  return (
    <span class={`sign ${tone}`}>
      <span aria-hidden="true">{mark}</span> <span class={quiet ? "hidden" : undefined}>{word}</span>
    </span>
  );
}
