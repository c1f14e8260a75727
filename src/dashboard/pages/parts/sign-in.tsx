import { useState } from "preact/hooks";
import type { Session } from "../data/use-session.ts";

/** Asks for the admin token. @param why what it is needed for, as a sentence */
export function SignIn({ session, why }: { readonly session: Session; readonly why: string }) {
  const [trouble, setTrouble] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.target as HTMLFormElement).elements.namedItem("token") as HTMLInputElement;
    setBusy(true);
    const wrong = await session.signIn(field.value);
    setBusy(false);
    setTrouble(wrong?.message ?? "");
    if (wrong) field.select();
  };
  return (
    <form class="sign-in card" onSubmit={(event) => void submit(event as unknown as SubmitEvent)}>
      <h2>Sign in</h2>
      <p>{why}</p>
      <label for="token">Admin token</label>
      <input
        id="token"
        name="token"
        type="password"
        autocomplete="current-password"
        required
        aria-describedby="token-help token-trouble"
        aria-invalid={trouble !== ""}
      />
      <p id="token-help" class="soft">
        It lies in <code>registry/admin-token</code> of the state folder:{" "}
        <code>cat .weft/registry/admin-token</code>
      </p>
      <p id="token-trouble" class="bad" role="alert">
        {trouble}
      </p>
      <button type="submit" disabled={busy}>
        Sign in
      </button>
    </form>
  );
}
