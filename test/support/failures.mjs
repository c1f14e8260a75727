/** A reporter for `node --test` that tells of the tests that failed alone: what, where and why. */
export default async function* failures(events) {
  for await (const { type, data } of events) {
    if (type !== "test:fail" || data.todo !== undefined) continue;
    const { error } = data.details;
    if (error.failureType === "subtestsFailed") continue;
    yield `✖ ${data.name} (${data.file ?? "?"}:${data.line ?? "?"})\n  ${error.cause?.stack ?? error.message}\n`;
  }
}
