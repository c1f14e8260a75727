/** RFC 9110 §7.6.1 and RFC 9112 §6: what frames a message or ends at the next hop. */
const FRAMING = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** @returns whether the mesh writes the field itself, because it frames the message or ends at the next hop */
export const isFraming = (name: string): boolean =>
  FRAMING.has(name.toLowerCase()) || name.toLowerCase().startsWith("proxy-");
