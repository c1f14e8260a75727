import { partsOf } from "../identity/trust/parts.ts";
import { code, generated, table } from "../resources/markdown.ts";
import { type Permissions, sidecarPermissions, tapPermissions } from "../subjects/permissions.ts";
import { Subjects } from "../subjects/subjects.ts";

const MESH = "mesh";
const TAP = "id";
const SIDECAR = { service: "orders", instance: "i1", version: "1" };

/** The page of all NATS users of a mesh and what each may publish and subscribe to, in Markdown. */
export function usersPage(): string {
  const users: readonly (readonly [name: string, account: string, permissions: Permissions])[] = [
    ["a sidecar", "MESH", sidecarPermissions(new Subjects(MESH), SIDECAR)],
    ...Object.entries(partsOf(MESH)).map(
      ([name, { account, permissions }]) => [name, account, permissions] as const,
    ),
    ["tap", "MESH", tapPermissions(TAP, SIDECAR.service)],
  ];
  const rows = [...new Set(users.flatMap(([, , { pub, sub }]) => [...pub, ...sub]))].map((subject) => [
    code(subject),
    ...users.map(([, , { pub, sub }]) => may(pub.includes(subject), sub.includes(subject))),
  ]);
  return `${[
    generated("Users", "[parts.ts](parts.ts) and [../subjects/permissions.ts](../subjects/permissions.ts)"),
    `Who may publish and who may subscribe to what, in a mesh called \`${MESH}\`; whatever is not here is refused by the broker (\`test/attack/least-privilege.test.ts\` tries). The sidecar is \`${SIDECAR.service}\`, instance \`${SIDECAR.instance}\`, version \`${SIDECAR.version}\`, that may call any service; \`mesh.*.*.${SIDECAR.service}\` becomes a list where it may not, and so does \`_R.*.*.${SIDECAR.service}.>\` where others may not call it. A subject with a second word is for members of that queue group only. Accounts share no subject: the same name in another account is another subject.`,
    table(["subject", ...users.map(([name, account]) => `${name} (${account})`)], rows),
    "The authority has no NATS user: it speaks HTTPS only. `weft` on the command line uses `admin` to look at the mesh and to ask for tokens, and `system` for what concerns the whole cluster. `tap` is whoever listens to one tap (`weft tap`), for minutes, with a key of its own. No user has `allow_responses`.",
  ].join("\n\n")}\n`;
}

const may = (publish: boolean, subscribe: boolean): string =>
  [publish && "publish", subscribe && "subscribe"].filter(Boolean).join(", ");
