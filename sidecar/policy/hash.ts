/**
 * A number from 0 to 2^32 − 1 for a text: FNV-1a over its code units, then the last mixing step of MurmurHash3, because
 * FNV alone leaves texts that differ at their end close together. Not for secrets: who writes the text can choose the
 * number.
 */
export function hashText(text: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return hash >>> 0;
}
