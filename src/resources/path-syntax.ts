/** RFC 3986 §3.3: the characters of a path, as the standard allows them. */
const PATH = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$/;

const REFUSED = ["//", "/./", "/../", "%2f", "%2F", "#"] as const;
const REFUSED_ENDS = ["/..", "/."] as const;

interface Problem {
  readonly message: string;
  readonly cure: string;
}

const shown = (path: string): string => JSON.stringify(path.length > 60 ? `${path.slice(0, 60)}…` : path);

/** Why a text is no path for an Exact or PathPrefix match (the CEL rules of `HTTPPathMatch`); undefined when it is one. */
export function pathProblem(path: string): Problem | undefined {
  if (!path.startsWith("/"))
    return { message: `the path ${shown(path)} does not begin with "/"`, cure: 'begin it with "/"' };
  for (const part of REFUSED)
    if (path.includes(part))
      return {
        message: `the path ${shown(path)} has ${JSON.stringify(part)} in it`,
        cure: `write the path without ${JSON.stringify(part)}`,
      };
  for (const end of REFUSED_ENDS)
    if (path.endsWith(end))
      return {
        message: `the path ${shown(path)} ends with ${JSON.stringify(end)}`,
        cure: `write the path without ${JSON.stringify(end)}`,
      };
  return characterProblem(path);
}

/** Why a text cannot be put in place of a path; undefined when it can. */
export function replacementProblem(path: string): Problem | undefined {
  if (path !== "" && !path.startsWith("/"))
    return { message: `the path ${shown(path)} does not begin with "/"`, cure: 'begin it with "/"' };
  return path === "" ? undefined : characterProblem(path);
}

function characterProblem(path: string): Problem | undefined {
  if (PATH.test(path)) return undefined;
  return {
    message: `the path ${shown(path)} has characters that a path cannot have`,
    cure: "use letters, digits and -/._~!$&'()*+,;=:@, and write all others as %XX",
  };
}
