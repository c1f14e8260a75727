/** Secrets that a user may hand over in the environment. */
const NAMES = ["WEFT_TOKEN", "WEFT_ADMIN_TOKEN"] as const;

const taken = new Map<string, string>();

/**
 * Takes the secrets out of the environment, before anything else: no child process inherits them, be it an app, the
 * broker or a part of the mesh, and none is in a diagnostic report (`node --report-uncaught-exception`).
 */
export function takeSecrets(env: NodeJS.ProcessEnv = process.env): void {
  for (const name of NAMES) {
    const value = env[name]?.trim();
    if (value) taken.set(name, value); // one that is set to nothing says nothing
    delete env[name];
  }
}

export const environmentSecret = (name: (typeof NAMES)[number]): string | undefined => taken.get(name);
