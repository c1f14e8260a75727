import { Fault } from "../fault.ts";

/** GET of the registry's HTTP API. @throws Fault with the registry's own words */
export async function askRegistry<Answer>(url: string, path: string): Promise<Answer> {
  const response = await reach(url, path);
  const body = (await response.json().catch(() => ({}))) as Answer & {
    error?: { code: string; message: string };
  };
  if (response.ok) return body;
  if (body.error?.code === "unknown-service")
    throw new Fault(body.error.message.split(":")[0]!, "weft get services lists those that were");
  throw new Fault(
    `the registry at ${url} answers ${response.status}: ${body.error?.message ?? "without a reason"}`,
    "is this the address of a weft registry?",
  );
}

/** @throws Fault when nobody answers */
export async function reach(
  url: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  try {
    return await fetch(`${url}${path}`, { headers });
  } catch (error) {
    const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
    throw new Fault(
      `the registry at ${url} does not answer (${code ?? message})`,
      "does weft up still run? its log is registry.log in the state folder",
    );
  }
}
