import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { ask, type Trouble } from "./ask.ts";

/** Counts whatever may have changed; see `live.ts`. */
export const News = createContext(0);

export interface Answer<T> {
  /** The last that came, also when it could not be had anew. */
  readonly value?: T;
  /** Unix ms at which it came. */
  readonly at?: number;
  /** Why it could not be had anew. */
  readonly trouble?: Trouble;
}

/** Asks for JSON, and again with all news; undefined asks for nothing. */
export function useAnswer<T>(path: string | undefined): Answer<T> {
  const news = useContext(News);
  const [held, setHeld] = useState<{ path: string | undefined; answer: Answer<T> }>({ path, answer: {} });
  useEffect(() => {
    if (path === undefined) return;
    const left = new AbortController();
    ask<T>(path, { signal: left.signal }).then(
      (asked) =>
        setHeld((before) => ({
          path,
          answer:
            "value" in asked
              ? { value: asked.value, at: Date.now() }
              : { ...(before.path === path ? before.answer : {}), trouble: asked.trouble },
        })),
      () => {}, // it was left
    );
    return () => left.abort();
  }, [path, news]);
  return held.path === path ? held.answer : {};
}
