/** What the server said when it did not give what was asked for, or why it could not be asked. */
export interface Trouble {
  /** 0 when nobody answered. */
  readonly status: number;
  readonly message: string;
}

export type Asked<T> = { readonly value: T } | { readonly trouble: Trouble };

const AWAY: Trouble = {
  status: 0,
  message: "the dashboard itself does not answer: is weft up, or weft dashboard, still running?",
};

/** Asks the server for JSON. It never throws: a page has to show what went wrong. */
export async function ask<T>(path: string, init: RequestInit = {}): Promise<Asked<T>> {
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(`/api${path}`, { ...init, credentials: "same-origin" });
    body = await response.json();
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error; // by who asks, who is gone
    return { trouble: AWAY };
  }
  if (response.ok) return { value: body as T };
  const message = (body as { error?: { message?: unknown } }).error?.message;
  return {
    trouble: {
      status: response.status,
      message: typeof message === "string" ? message : `it answered ${response.status}`,
    },
  };
}

export const send = <T>(method: "POST" | "DELETE", path: string, value?: object): Promise<Asked<T>> =>
  ask<T>(path, {
    method,
    ...(value === undefined
      ? {}
      : { body: JSON.stringify(value), headers: { "content-type": "application/json" } }),
  });
