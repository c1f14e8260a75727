import type { Command } from "commander";
import { benchCommand } from "../../../bench/command.ts";
import { selfCommand } from "../self.ts";

/** `weft bench`: the bench defines its own flags. */
export const define = (): Command => benchCommand([...selfCommand(), "bench"]);
