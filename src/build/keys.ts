const { createHash } = process.getBuiltinModule("node:crypto");

/**
 * The key of something that is determined by the given parts: 64 hex digits. The first part is what kind of thing it is.
 * Raise the version whenever the same parts come to mean something else.
 */
export function keyOf(kind: string, parts: object): string {
  return createHash("sha256")
    .update(JSON.stringify([version, kind, parts]))
    .digest("hex");
}
const version = 1;
