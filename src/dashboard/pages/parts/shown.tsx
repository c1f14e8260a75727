import type { ComponentChildren } from "preact";
import { useNow } from "../data/live.ts";
import type { Answer } from "../data/use-answer.ts";
import { agoText } from "../model/format.ts";

interface ShownProps<T> {
  readonly answer: Answer<T>;
  /** What is being waited for, in the middle of a sentence. */
  readonly what: string;
  readonly children: (value: T) => ComponentChildren;
}

/** Shows what was asked for, or that it is on its way, old, or not to be had. */
export function Shown<T>({ answer: { value, at, trouble }, what, children }: ShownProps<T>) {
  if (value === undefined)
    return trouble === undefined ? (
      <Loading what={what} />
    ) : (
      <Troubled what={what} message={trouble.message} />
    );
  return (
    <>
      {trouble && at !== undefined && <Old at={at} message={trouble.message} />}
      <div class={trouble ? "old" : undefined}>{children(value)}</div>
    </>
  );
}

export function Loading({ what }: { readonly what: string }) {
  return (
    <p class="state loading" role="status">
      <span class="spinner" aria-hidden="true" /> Reading {what} …
    </p>
  );
}

export function Troubled({ what, message }: { readonly what: string; readonly message: string }) {
  return (
    <div class="state troubled" role="alert">
      <strong>Cannot show {what}.</strong>
      <p>{message}</p>
      <p class="soft">It is tried again every few seconds.</p>
    </div>
  );
}

export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="state empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

function Old({ at, message }: { readonly at: number; readonly message: string }) {
  const now = useNow();
  return (
    <p class="note fair" role="status">
      <span aria-hidden="true">▲</span> Last data {agoText(at, now)}: {message}
    </p>
  );
}
