/** Replaced below. */
export async function demo(_options: { keep?: boolean; bench: boolean }): Promise<number> {
  return 0;
}
