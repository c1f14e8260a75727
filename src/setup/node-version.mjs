/** The oldest Node that Weft runs on, as in `engines` of package.json. */
const OLDEST = [20, 19];

/** @returns {string | undefined} what is wrong with this Node, and the cure; undefined when it is new enough */
export function nodeTooOld(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined;
  return `this is Node ${version}, and Weft needs ${OLDEST.join(".")} or newer\ninstall a newer one from https://nodejs.org, or with your version manager: nvm install 22`;
}
