import { useRef, useState } from "preact/hooks";
import { send } from "../data/ask.ts";

interface Outcome {
  readonly revision: number;
  readonly changes: readonly { readonly change: string; readonly key: string }[];
}

const ask = (revision: number, dryRun: boolean) =>
  send<Outcome>("POST", "/v1/policy/rollback", { revision, dryRun, by: "the dashboard" });

/** Goes back to a revision, after it was said what that changes, and yes. */
export function RollBack({ revision }: { readonly revision: number }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [told, setTold] = useState("");
  const [sure, setSure] = useState(false);
  const open = async () => {
    setTold("Asking what it would change …");
    setSure(false);
    dialog.current?.showModal();
    const asked = await ask(revision, true);
    if ("trouble" in asked) return setTold(asked.trouble.message);
    const changes = asked.value.changes.filter(({ change }) => change !== "unchanged");
    setSure(changes.length > 0);
    setTold(
      changes.length === 0
        ? "It would change nothing."
        : changes.map(({ change, key }) => `${key} ${change}`).join("\n"),
    );
  };
  const goBack = async () => {
    setSure(false);
    const asked = await ask(revision, false);
    if ("trouble" in asked) return setTold(asked.trouble.message);
    setTold(`Done: this is revision ${asked.value.revision} now.`);
  };
  return (
    <>
      <button type="button" aria-label={`Go back to revision ${revision}`} onClick={() => void open()}>
        Go back …
      </button>
      <dialog ref={dialog} aria-label={`Go back to revision ${revision}`}>
        <h2>Go back to revision {revision}?</h2>
        <pre>{told}</pre>
        <div class="bar">
          <button type="button" class="danger" disabled={!sure} onClick={() => void goBack()}>
            Go back, for all traffic
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
      </dialog>
    </>
  );
}
