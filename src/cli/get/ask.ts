import { Fault } from "../fault.ts";

/** The registry answers all that is asked here from memory. */
export const ANSWER_WITHIN_MS = 10_000;

/** GET of the registry's HTTP API. @throws Fault with the registry's own words, or when it does not answer in time */
export async function askRegistry<Answer>(
  url: string,
  path: string,
  withinMs = ANSWER_WITHIN_MS,
): Promise<Answer> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(withinMs) });
    text = await response.text();
  } catch (error) {
    throw silenceOf(url, error, withinMs);
  }
  const body = parsed(text) as Answer & { error?: { code: string; message: string } };
  if (response.ok) return body;
  if (body.error?.code === "unknown-service")
    throw new Fault(body.error.message.split(":")[0]!, "weft get services lists those that were");
  throw new Fault(
    `the registry at ${url} answers ${response.status}: ${body.error?.message ?? "without a reason"}`,
    "is this the address of a weft registry?",
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Opens a stream: it has to begin in time, and may last for ever. @throws Fault when nobody answers */
export async function openStream(url: string, path: string, withinMs = ANSWER_WITHIN_MS): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new DOMException("late", "TimeoutError")), withinMs);
  try {
    return await fetch(`${url}${path}`, { signal: late.signal });
  } catch (error) {
    throw silenceOf(url, error, withinMs);
  } finally {
    clearTimeout(timer);
  }
}

/** What to tell of a registry that could not be asked. @param error of `fetch` @param withinMs how long it had */
export function silenceOf(url: string, error: unknown, withinMs: number): Fault {
  if ((error as Error).name === "TimeoutError")
    return new Fault(
      `the registry at ${url} has not answered within ${withinMs / 1000} s`,
      "it hangs, or its machine is very busy: weft check looks at every part; its log is registry.log in the state folder",
    );
  const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
  return new Fault(
    `the registry at ${url} does not answer (${typeof code === "string" ? code : message})`,
    "does weft up still run? its log is registry.log in the state folder",
  );
}
