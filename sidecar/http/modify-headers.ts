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
    for (const { name, value } of add) changed = appendToField(changed, name.toLowerCase(), value, name);
    for (const name of remove) changed = removeField(changed, name.toLowerCase());
    return changed;
  };
}
