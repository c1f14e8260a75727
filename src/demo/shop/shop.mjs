import { getAt } from "./mesh-call.mjs";
import { serve } from "./serve.mjs";

// A listener of the sidecar that stands for the service orders: `weft run … --upstream orders=ADDRESS`.
const orders = new URL(process.argv[2]);

serve(async (path, traceparent) => {
  if (path !== "/") return undefined;
  const answers = await Promise.all([7, 8].map((id) => getAt(orders, `/orders/${id}`, traceparent)));
  return { shop: "open", orders: answers.map(({ text }) => JSON.parse(text)) };
});
