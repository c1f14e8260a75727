import { appendToField, removeField, setField } from "./header-block.ts";

/** Gateway API HTTPHeaderFilter. Names in any case; values without CR and LF. */
export interface HeaderModifier {
  readonly set?: readonly Named[] | undefined;
  readonly add?: readonly Named[] | undefined;
  readonly remove?: readonly string[] | undefined;
}

interface Named {
  readonly name: string;
  readonly value: string;
}

/** Makes the function that sets, adds and removes fields of a header block, in this order. */
export function headerChange({ set = [], add = [], remove = [] }: HeaderModifier): (block: string) => string {
  return (block) => {
    let changed = block;
    for (const { name, value } of set) changed = setField(changed, name.toLowerCase(), value, name);
    for (const { name, value } of add) changed = added(changed, name, value);
    for (const name of remove) changed = removeField(changed, name.toLowerCase());
    return changed;
  };
}

/** Each `Set-Cookie` is a line of its own (RFC 9110 §5.3), and in `Cookie` semicolons part the pairs (RFC 6265 §4.2.1). */
function added(block: string, name: string, value: string): string {
  const lower = name.toLowerCase();
  if (lower === "set-cookie") return `${block}${name}: ${value}\r\n`;
  return appendToField(block, lower, value, name, lower === "cookie" ? "; " : ",");
}
