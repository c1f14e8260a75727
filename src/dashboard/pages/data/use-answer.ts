import { createContext } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { ask, type Trouble } from "./ask.ts";
import { oneAtATime } from "./one-at-a-time.ts";

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
  const askNow = useRef(() => {});
  useEffect(() => {
    if (path === undefined) return;
    const left = new AbortController();
    // News come faster than a registry in trouble answers: they must not call off what is under way.
    askNow.current = oneAtATime(async () => {
      const asked = await ask<T>(path, { signal: left.signal }).catch(() => undefined); // it was left
      if (asked === undefined) return;
      setHeld((before) => ({
        path,
        answer:
          "value" in asked
            ? { value: asked.value, at: Date.now() }
            : { ...(before.path === path ? before.answer : {}), trouble: asked.trouble },
      }));
    });
    return () => {
      askNow.current = () => {};
      left.abort();
    };
  }, [path]);
  useEffect(() => askNow.current(), [path, news]);
  return held.path === path ? held.answer : {};
}
