/**
 * Runs `work` at each call, but never twice at once: who calls while it is under way has it run once more afterwards.
 * So what takes long comes to its end, however often it is wanted.
 */
export function oneAtATime(work: () => Promise<void>): () => void {
  let underWay = false;
  let again = false;
  const run = async (): Promise<void> => {
    underWay = true;
    do {
      again = false;
      await work();
    } while (again);
    underWay = false;
  };
  return () => {
    again = true;
    if (!underWay) void run();
  };
}
