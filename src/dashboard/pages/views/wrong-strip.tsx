import type { Wrong } from "../model/wrong.ts";

const FIRST = 8;

/** What is wrong, in sentences, the worst first; or that nothing is. */
export function WrongStrip(props: {
  readonly wrongs: readonly Wrong[];
  /** What to say when nothing is wrong, and what goes on then. */
  readonly fine: string;
  readonly more: string;
  /** What is not known. */
  readonly caveat?: string | undefined;
  readonly past?: boolean;
}) {
  const { wrongs, fine, more, caveat, past = false } = props;
  if (wrongs.length === 0)
    return (
      <section class="wrongs none" aria-label="What is wrong" aria-live="polite">
        <p>
          <span class="sign ok" aria-hidden="true">
            ●
          </span>{" "}
          <strong>{fine}</strong> {more}
        </p>
        {caveat && <p class="soft">{caveat}</p>}
      </section>
    );
  const rest = wrongs.slice(FIRST);
  return (
    <section class={`wrongs ${wrongs[0]!.tone}`} aria-labelledby="wrong-title">
      <h2 id="wrong-title">
        {past ? "What was wrong" : "What is wrong"} <span class="count">{wrongs.length}</span>
      </h2>
      <ul aria-live="polite">{wrongs.slice(0, FIRST).map(sentence)}</ul>
      {rest.length > 0 && (
        <details>
          <summary>{rest.length} more</summary>
          <ul>{rest.map(sentence)}</ul>
        </details>
      )}
      {caveat && <p class="soft">{caveat}</p>}
    </section>
  );
}

const sentence = ({ key, tone, subject, sentence, href, traces }: Wrong) => (
  <li key={key}>
    <span class={`sign ${tone}`}>
      <span aria-hidden="true">{tone === "bad" ? "■" : "▲"}</span>
      <span class="hidden">{tone === "bad" ? "bad:" : "warning:"}</span>
    </span>{" "}
    <a href={href}>{subject}</a> <span>{sentence}</span>
    {traces !== undefined && (
      <>
        {" "}
        <a href={traces}>Traces</a>
      </>
    )}
  </li>
);
