/** Of this Weft, as in package.json. */
export const WEFT_VERSION = "0.1.0";
