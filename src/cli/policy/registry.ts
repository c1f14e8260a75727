import type { Finding } from "../../resources/finding.ts";
import { Fault } from "../fault.ts";
import { ANSWER_WITHIN_MS, silenceOf } from "../get/ask.ts";
import { registryUrl } from "../get/registry-url.ts";
import { adminToken } from "./admin-token.ts";

/** How the verbs of policy reach the registry. */
export interface RegistryFlags {
  readonly state: string;
  readonly registry?: string;
}

/** Nothing was stored, and why. */
export interface Refused {
  readonly findings: readonly Finding[];
  readonly message: string;
}

interface Failure {
  readonly error?: { readonly code: string; readonly message: string };
  readonly findings?: readonly Finding[];
}

/** What a large apply may take on a busy machine. */
const CHANGED_WITHIN_MS = 30_000;
/** When people begin to wonder. */
const SLOW_MS = 3000;

/** GET of something that everybody may read. @throws Fault */
export const readPolicy = async <Answer>(flags: RegistryFlags, path: string): Promise<Answer> =>
  accepted(await ask<Answer>(registryUrl(flags), path, {}));

/** GET of something that only an admin may read. @throws Fault */
export async function readAsAdmin<Answer>(flags: RegistryFlags, path: string): Promise<Answer> {
  const url = registryUrl(flags);
  return accepted(await ask<Answer>(url, path, { headers: bearer(flags, url) }));
}

/** POST of a question that changes nothing. @throws Fault */
export const askPolicy = async <Answer>(
  flags: RegistryFlags,
  path: string,
  body: unknown,
): Promise<Answer | Refused> => ask<Answer>(registryUrl(flags), path, posted(body));

/** POST of a change. @throws Fault */
export async function writePolicy<Answer>(
  flags: RegistryFlags,
  path: string,
  body: unknown,
): Promise<Answer | Refused> {
  const url = registryUrl(flags);
  const { headers, ...rest } = posted(body);
  return ask<Answer>(url, path, { ...rest, headers: { ...headers, ...bearer(flags, url) } });
}

/** PUT of something that is no policy, such as a tap. @throws Fault */
export async function putAsAdmin(flags: RegistryFlags, path: string, body: unknown): Promise<void> {
  const url = registryUrl(flags);
  const { headers, ...rest } = posted(body);
  accepted(await ask(url, path, { ...rest, method: "PUT", headers: { ...headers, ...bearer(flags, url) } }));
}

export const isRefused = (answer: unknown): answer is Refused =>
  typeof answer === "object" && answer !== null && "findings" in answer && "message" in answer;

const bearer = ({ state }: RegistryFlags, url: string) => ({
  authorization: `Bearer ${adminToken(state, url)}`,
});

const posted = (body: unknown) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

function accepted<Answer>(answer: Answer | Refused): Answer {
  if (isRefused(answer)) throw new Fault(answer.message, answer.findings[0]?.cure ?? "see weft get");
  return answer;
}

async function ask<Answer>(url: string, path: string, request: RequestInit): Promise<Answer | Refused> {
  const response = await reach(url, path, request);
  const body = (await response.json().catch(() => undefined)) as (Answer & Failure) | undefined;
  if (response.ok && body !== undefined) return body;
  const { error, findings } = body ?? {};
  if (findings !== undefined) return { findings, message: error?.message ?? "refused" };
  throw faultOf(url, response.status, error);
}

function faultOf(url: string, status: number, error: Failure["error"]): Fault {
  if (status === 401)
    return new Fault(
      `the registry at ${url} does not take this admin token`,
      "give --state DIR of its mesh, or the content of its DIR/registry/admin-token in WEFT_ADMIN_TOKEN",
    );
  if (status === 404 && (error === undefined || error.code === "unknown-route"))
    return new Fault(
      `the registry at ${url} knows nothing of policy`,
      "is this the address of a weft registry, and is it as new as this weft?",
    );
  if (error?.code === "unknown-revision")
    return new Fault(error.message.split(": ")[0]!, "weft history lists those that are");
  const unsaid = status === 200 ? "without JSON" : "without a reason";
  const [what, cure] = (error?.message ?? unsaid).split(/: (?=[^:]*$)/);
  return new Fault(
    `the registry at ${url} answers ${status}: ${what}`,
    cure ?? "its log is registry.log in the state folder",
  );
}

async function reach(url: string, path: string, request: RequestInit): Promise<Response> {
  const withinMs = request.method === undefined ? ANSWER_WITHIN_MS : CHANGED_WITHIN_MS;
  const signal = AbortSignal.timeout(withinMs);
  const slow = setTimeout(() => process.stderr.write(`weft: waiting for the registry at ${url}\n`), SLOW_MS);
  try {
    // A redirect would carry the token to who knows where.
    return await fetch(`${url}${path}`, { ...request, signal, redirect: "manual" });
  } catch (error) {
    throw silenceOf(url, error, withinMs);
  } finally {
    clearTimeout(slow);
  }
}
