import { stringify } from "yaml";

/** A value as YAML that `weft apply` takes again: block style, no line folded, no aliases. */
export const yamlOf = (value: unknown): string =>
  stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, indentSeq: false });

/** Several as one stream. */
export const yamlStreamOf = (values: readonly unknown[]): string => values.map(yamlOf).join("---\n");
