/** What of a request decides which rule takes it. */
export interface Asked {
  readonly method: string;
  /** As written, without the query. */
  readonly path: string;
  /** What follows the `?`; empty when there is none. */
  readonly query: string;
  /**
   * The value of a field, by its name in lower case; several lines are joined as a list (RFC 9110 §5.3).
   * Undefined when there is none.
   */
  header(name: string): string | undefined;
}
