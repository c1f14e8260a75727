const HELLO = "--version 1 --port 8080 -- python3 -m http.server 8080 --bind 127.0.0.1";

/** How to start a first service. @param folder the state folder of the mesh, where that is known */
export const firstCommand = (folder: string | undefined): string =>
  `npx weft run hello ${folder === undefined ? "" : `--state ${quoted(folder)} `}${HELLO}`;

/** As a POSIX shell reads it as one word (IEEE Std 1003.1, 2.2.2). */
const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
