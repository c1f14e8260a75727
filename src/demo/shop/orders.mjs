import { get } from "./mesh-call.mjs";
import { serve } from "./serve.mjs";

const ORDERS = { 7: ["tea", 2], 8: ["kettle", 1] };
const version = process.env.WEFT_VERSION;

serve(async (path, traceparent) => {
  const id = path.replace("/orders/", "");
  if (!(id in ORDERS)) return undefined;
  const [item, count] = ORDERS[id];
  const { status, text } = await get(`http://catalog.mesh/items/${item}`, traceparent);
  if (status !== 200) throw new Error(`the catalog answers ${status}: ${text.trim()}`);
  const { price, pieces, by } = JSON.parse(text);
  const order = { order: Number(id), item, total: price * count, catalog: by, orders: `v${version}` };
  // What is new in version 2.
  return version === "2" ? { ...order, ships: pieces >= count ? "today" : "next week" } : order;
});
