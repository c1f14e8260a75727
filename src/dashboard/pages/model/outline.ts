/** A value of JSON as lines in the manner of YAML: `spec`, then indented what is in it. */
export function outline(value: unknown, indent = 0): string[] {
  const pad = "  ".repeat(indent);
  if (Array.isArray(value))
    return value.flatMap((item) => {
      const [first = "", ...rest] = outline(item, indent + 1);
      return [`${pad}- ${first.trimStart()}`, ...rest];
    });
  if (!isRecord(value)) return [`${pad}${scalar(value)}`];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (inner === undefined) return [];
    if (isEmpty(inner)) return [`${pad}${key}: ${Array.isArray(inner) ? "[]" : "{}"}`];
    return isLeaf(inner)
      ? [`${pad}${key}: ${scalar(inner)}`]
      : [`${pad}${key}:`, ...outline(inner, Array.isArray(inner) ? indent : indent + 1)];
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
const isLeaf = (value: unknown): boolean => !isRecord(value);
const isEmpty = (value: unknown): boolean => isRecord(value) && Object.keys(value).length === 0;

/** As JSON where it might be taken for something else, or has what would break the line. */
const scalar = (value: unknown): string =>
  typeof value === "string" &&
  /^[A-Za-z/][\w ./*-]*$/.test(value) &&
  !/^(?:true|false|null|yes|no)$/i.test(value)
    ? value
    : JSON.stringify(value);
