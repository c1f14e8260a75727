import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { checkoutFolder } from "../cli/self.ts";

/** One instance of the shop, and how it is started. */
export interface ShopService {
  readonly service: string;
  readonly version: string;
  readonly language: "node" | "python";
  readonly flags: readonly string[];
  readonly command: readonly string[];
}

/**
 * The shop: shop → orders (two versions) → catalog → stock.
 * @param ordersPort port on which the shop's sidecar stands for orders
 */
export function shopServices(ordersPort: number): readonly ShopService[] {
  const folder = join(checkoutFolder(), "src", "demo", "shop");
  const node = (
    service: string,
    version: string,
    args: readonly string[] = [],
    flags: readonly string[] = [],
  ): ShopService => ({
    ...{ service, version, flags, language: "node" },
    command: [process.execPath, join(folder, `${service}.mjs`), ...args],
  });
  const python = pythonCommand();
  const orders = `127.0.0.1:${ordersPort}`;
  return [
    node("stock", "1"),
    python === undefined
      ? node("catalog", "1")
      : {
          service: "catalog",
          version: "1",
          language: "python",
          flags: [],
          command: [python, join(folder, "catalog.py")],
        },
    node("orders", "1"),
    node("orders", "2"),
    node("shop", "1", [`http://${orders}`], ["--upstream", `orders=${orders}`]),
  ];
}

/** A Python that has what the catalog needs (3.9 or newer). */
function pythonCommand(): string | undefined {
  for (const name of ["python3", "python"])
    try {
      execFileSync(name, ["-c", "import http.server, urllib.request; str.removeprefix"], {
        stdio: "ignore",
        timeout: 5000,
      });
      return name;
    } catch {
      // not here, or too old: the next
    }
  return undefined;
}
