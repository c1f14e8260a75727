import { useEffect, useState } from "preact/hooks";
import { ask, send, type Trouble } from "./ask.ts";

export interface Session {
  readonly signedIn: boolean;
  /** @returns what is wrong, undefined when it went well */
  signIn(token: string): Promise<Trouble | undefined>;
  signOut(): void;
}

interface Told {
  readonly signedIn: boolean;
}

/** Whether the reader has shown the admin token; the proof itself is a cookie that no script can read. */
export function useSession(): Session {
  const [signedIn, setSignedIn] = useState(false);
  useEffect(() => {
    void ask<Told>("/session").then((asked) => "value" in asked && setSignedIn(asked.value.signedIn));
  }, []);
  return {
    signedIn,
    async signIn(token) {
      const asked = await send<Told>("POST", "/session", { token });
      if ("trouble" in asked) return asked.trouble;
      setSignedIn(true);
      return undefined;
    },
    signOut() {
      void send("DELETE", "/session").then(() => setSignedIn(false));
    },
  };
}
