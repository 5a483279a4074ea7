export interface TableLayout {
  /** Characters of a column, the space behind it included, at the least. */
  readonly narrowest: number;
  /** Spaces behind the longest cell. */
  readonly gap: number;
}

/**
 * Lays out rows as Podman's tables: columns as wide as their longest cell and at least 12 characters, two spaces between,
 * unless another layout is asked for.
 * @returns Lines that end with a newline; nothing for no rows.
 */
export function formatTable(
  rows: readonly (readonly string[])[],
  { narrowest, gap }: TableLayout = { narrowest: 12, gap: 2 },
): string {
  const widths: number[] = [];
  for (const row of rows) {
    // The last cell of a row is not padded, so it does not widen its column.
    for (let column = 0; column < row.length - 1; column++) {
      widths[column] = Math.max(widths[column] ?? narrowest, lengthOf(row[column] ?? "") + gap);
    }
  }
  const lines = rows.map((row) =>
    row.map((cell, column) => (column < row.length - 1 ? pad(cell, widths[column] ?? 0) : cell)).join(""),
  );
  return lines.map((line) => `${line}\n`).join("");
}

function pad(cell: string, width: number): string {
  return cell + " ".repeat(Math.max(width - lengthOf(cell), 0));
}

/** Characters, not UTF-16 units. */
function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}
