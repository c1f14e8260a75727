/** Failed ones, and slow ones, that are told whole. */
export const TREES = 5;
/** The registry gathers 8 traces at a time (src/control/explain), each for half a second, and others may ask as well. */
const AT_ONCE = 3;

/**
 * Which traces are kept, and some of them whole. Without the admin token, so that paths and messages, which may hold
 * somebody's data, are not in it. Of a trace that cannot be had there is the reason.
 * @param page what the registry answers to a GET of a path
 */
export async function tracesOf(page: (path: string) => Promise<unknown>): Promise<unknown> {
  const listed = async (kind: string) =>
    ((await page(`/v1/traces?kind=${kind}&limit=100`)) as { traces: { traceId: string }[] }).traces;
  const [recent, failed, slow] = await Promise.all(["recent", "failed", "slow"].map(listed));
  const wanted = [failed!, slow!].flatMap((some) => some.slice(0, TREES)).map(({ traceId }) => traceId);
  const ids = [...new Set(wanted)];
  const whole: unknown[] = [];
  for (let i = 0; i < ids.length; i += AT_ONCE)
    whole.push(
      ...(await Promise.all(
        ids
          .slice(i, i + AT_ONCE)
          .map((traceId) =>
            page(`/v1/traces/${traceId}`).catch((error: Error) => ({ traceId, missing: error.message })),
          ),
      )),
    );
  return { recent, failed, slow, whole };
}
