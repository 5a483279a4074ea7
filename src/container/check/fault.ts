export interface Fault {
  /** As `container web`, `image 0123456789ab`. */
  readonly object: string;
  readonly text: string;
  /** What has been done about it; undefined if nothing was, or could be. */
  readonly repaired: string | undefined;
}
