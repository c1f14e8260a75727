import { serve } from "./serve.mjs";

const PIECES = { tea: 12, cup: 3, kettle: 0 };

serve((path) => {
  const item = path.replace("/stock/", "");
  return item in PIECES ? { item, pieces: PIECES[item] } : undefined;
});
