/** The regular expression that semver.org suggests (semver 2.0.0), for the part we make. */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?$/;

/** `2`, `v2`, `1-2`, `1-2-0`, `1-2-0-rc1`. */
const NUMBERED = /^v?(\d+)(?:-(\d+))?(?:-(\d+))?(?:-(.+))?$/;

/**
 * A version token as SemVer, which service discovery demands (ADR-32): `2` is `2.0.0`, `1-2-0` is `1.2.0`, and a
 * token without numbers, such as `canary`, is the pre-release `0.0.0-canary`.
 */
export function semver(token: string): string {
  const [, major, minor = "0", patch = "0", pre] = NUMBERED.exec(token) ?? [];
  const candidates = [`${major}.${minor}.${patch}${pre === undefined ? "" : `-${pre}`}`, `0.0.0-${token}`];
  return candidates.find((text) => SEMVER.test(text)) ?? `0.0.0-v-${token}`;
}
