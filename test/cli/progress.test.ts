import { describe, expect, it } from "vitest";
import { formatBytes, formatLine, openProgress } from "../../src/cli/progress.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal acts upon
const controls = /\u001b\[((\d+)A|K|J)|\r|\n|[^\r\n\u001b]+/g;

/** A terminal that understands what is needed here. Lines that have scrolled away stay in `lines`. */
function terminal(rows: number, columns = 60) {
  const lines: string[] = [""];
  let row = 0;
  let time = 0;
  const screen = {
    rows,
    columns,
    now: () => time,
    write(text: string) {
      for (const [piece, , up] of text.matchAll(controls)) {
        if (up !== undefined) row = Math.max(lines.length - rows, row - Number(up));
        else if (piece === "\u001b[K") lines[row] = "";
        else if (piece === "\u001b[J") lines.length = row + 1;
        else if (piece === "\n") lines[++row] ??= "";
        else if (piece !== "\r") lines[row] = piece;
      }
    },
  };
  return { screen, lines, pass: (milliseconds: number) => (time += milliseconds) };
}

describe("formatLine()", () => {
  it.each([
    [{ label: "a", amount: { current: 0, total: 100 } }, 38, "a [------------------------] 0B / 100B"],
    [{ label: "a", amount: { current: 50, total: 100 } }, 35, "a [=========>----------] 50B / 100B"],
    [{ label: "a", amount: { current: 100, total: 100 } }, 31, "a [===============] 100B / 100B"],
    [{ label: "a", amount: { current: 200, total: 100 } }, 31, "a [===============] 200B / 100B"],
    [{ label: "a", amount: { current: 0, total: 0 } }, 27, "a [===============] 0B / 0B"],
    [{ label: "a long label", amount: { current: 1, total: 2 } }, 18, "a long label 1B / "],
    [{ label: "a", state: "done" }, 40, "a done"],
    [{ label: "a" }, 40, "a"],
  ])("draws %j in %i columns", (line, columns, expected) => {
    const drawn = formatLine(line, columns);
    expect(drawn).toBe(expected);
    expect(drawn.length).toBeLessThanOrEqual(columns);
  });
});

describe("formatBytes()", () => {
  it.each([
    [0, "0B"],
    [1023, "1023B"],
    [1024, "1.0KiB"],
    [12_900_000, "12.3MiB"],
    [5 * 2 ** 40, "5.0TiB"],
  ])("writes %i as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe("openProgress()", () => {
  it("draws each line in its own place, and leaves the last state behind", () => {
    const { screen, lines, pass } = terminal(24);
    const progress = openProgress(screen);
    for (const id of ["x", "y"]) progress.show(id, { label: id, amount: { current: 0, total: 10 } });
    pass(100);
    progress.show("x", { label: "x", amount: { current: 10, total: 10 } });
    expect(lines[0]).toContain("10B / 10B");
    expect(lines[1]).toContain("0B / 10B");
    progress.show("x", { label: "x", state: "done" });
    progress.end();
    progress.end();
    screen.write("next\n");
    expect(lines).toEqual(["x done", expect.stringContaining("y ["), "next", ""]);
  });

  it("does not draw more often than eyes can follow", () => {
    const { screen, pass } = terminal(24);
    let writes = 0;
    const progress = openProgress({ ...screen, write: () => writes++ });
    for (let current = 0; current < 1000; current++) {
      progress.show("x", { label: "x", amount: { current, total: 1000 } });
      pass(1);
    }
    expect(writes).toBeLessThan(20);
    expect(writes).toBeGreaterThan(5);
  });

  it("copes with more lines than the terminal has", () => {
    const { screen, lines } = terminal(5);
    const progress = openProgress(screen);
    const ids = Array.from({ length: 12 }, (_, number) => `layer ${number}`);
    for (const label of ids) progress.show(label, { label, amount: { current: 0, total: 1 } });
    for (const label of ids) progress.show(label, { label, state: "done" });
    progress.end();
    expect(lines).toEqual([...ids.map((label) => `${label} done`), ""]);
  });
});
