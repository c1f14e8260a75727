/* The same as catalog.py, for a machine without Python. */
import { get } from "./mesh-call.mjs";
import { serve } from "./serve.mjs";

const PRICES = { tea: 4.5, cup: 9.0, kettle: 39.0 };

serve(async (path, traceparent) => {
  const item = path.replace("/items/", "");
  if (!(item in PRICES)) return undefined;
  const { text } = await get(`http://stock.mesh/stock/${item}`, traceparent);
  return { item, price: PRICES[item], pieces: JSON.parse(text).pieces, by: "node" };
});
