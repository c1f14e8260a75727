import { type RegexEngine, type TextMatch, type TextTest, textTest } from "../routing/text-match.ts";

/** As `textTest`, whatever the case: many apps compare roles, hosts and the like without it. */
export function anyCaseTest({ type, value }: TextMatch, regex: RegexEngine | undefined): TextTest {
  if (type === "RegularExpression") return textTest({ type, value: `(?i:${value})` }, regex);
  const wanted = value.toLowerCase();
  return (text) => text.toLowerCase() === wanted;
}

/**
 * Whatever an app may take for a member of a field that is a list (RFC 9110 section 5.6.1): split at each comma, and
 * only at those outside quotes; each also without its parameters and its quotes.
 */
export function membersOf(line: string): string[] {
  const found = line.split(",");
  if (line.includes('"')) found.push(...splitOutsideQuotes(line));
  return found.flatMap((written) => {
    const member = written.trim();
    const bare = member.replace(/;.*$/, "").trim();
    return [member, bare, unquoted(member), unquoted(bare)];
  });
}

/** Within quotes `\` makes the next character a plain one (RFC 9110 section 5.6.4). */
function splitOutsideQuotes(line: string): string[] {
  const members: string[] = [];
  let from = 0;
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const character = line[at];
    if (quoted && character === "\\") at++;
    else if (character === '"') quoted = !quoted;
    else if (character === "," && !quoted) {
      members.push(line.slice(from, at));
      from = at + 1;
    }
  }
  members.push(line.slice(from));
  return members;
}

const unquoted = (text: string): string => text.replace(/^"|"$/g, "").replace(/\\(.)/g, "$1");
