import { Chalk } from "chalk";
import { describe, expect, it } from "vitest";
import type { BuildEvent, StepInfo } from "../../../src/build/progress.ts";
import { describeStepFailure, excerpt } from "../../../src/commands/build/failure-view.ts";
import { openPlainView } from "../../../src/commands/build/plain-view.ts";
import { openTerminalView } from "../../../src/commands/build/terminal-view.ts";
import { formatSeconds } from "../../../src/commands/build/view.ts";

function step(id: number, stage: string, number: number, text: string): StepInfo {
  const place = { file: "Dockerfile", startLine: id, endLine: id };
  return { id, stage, platform: undefined, number, count: 2, text, place };
}

const [from, run] = [step(1, "0", 1, "FROM a"), step(2, "0", 2, "RUN make")];
const one: BuildEvent = {
  type: "planned",
  steps: [from, run],
  stages: [{ name: "0", platform: undefined, base: "a" }],
};
const done = { id: "0123456789abcdef", isCached: false, durationMs: 20, layerBytes: 2048 };

function plain(events: readonly BuildEvent[]): string[] {
  const lines: string[] = [];
  const view = openPlainView({
    line: (text) => lines.push(text),
    diagnostic: (text) => lines.push(`2> ${text}`),
    showPull: () => lines.push("pull"),
  });
  for (const event of events) view.onEvent(event);
  return lines;
}

describe("openPlainView()", () => {
  it("shows a build in podman's words", () => {
    expect(
      plain([
        one,
        { type: "step-started", step: from },
        { type: "step-finished", step: from, result: done },
        { type: "step-started", step: run },
        { type: "output", step: run, stream: "stdout", line: "out" },
        { type: "output", step: run, stream: "stderr", line: "err" },
        { type: "step-finished", step: run, result: done },
        { type: "image", id: "fedcba9876543210", names: ["localhost/web:latest", "reg/web:1"], platform: undefined },
      ]),
    ).toEqual([
      "STEP 1/2: FROM a",
      "STEP 2/2: RUN make",
      "out",
      "2> err",
      "COMMIT web",
      "--> fedcba987654",
      "Successfully tagged localhost/web:latest",
      "Successfully tagged reg/web:1",
    ]);
  });

  it("counts stages, says what comes from the cache, and keeps outputs apart that come at once", () => {
    const build = step(3, "build", 2, "RUN b");
    expect(
      plain([
        {
          type: "planned",
          steps: [from, run, build],
          stages: [
            { name: "build", platform: undefined, base: "b" },
            { name: "0", platform: undefined, base: "a" },
          ],
        },
        { type: "step-started", step: build },
        { type: "step-started", step: run },
        { type: "output", step: build, stream: "stdout", line: "b" },
        { type: "step-finished", step: build, result: { ...done, durationMs: 1234 } },
        { type: "output", step: run, stream: "stdout", line: "a" },
        { type: "step-finished", step: run, result: { ...done, isCached: true } },
        { type: "image", id: "fedcba9876543210", names: [], platform: undefined },
      ]),
    ).toEqual([
      "[1/2] STEP 2/2: RUN b",
      "[2/2] STEP 2/2: RUN make",
      "[1/2] b",
      "[1/2] --> 0123456789ab (1.2s)",
      "a",
      "[2/2] --> Using cache 0123456789abcdef",
      "COMMIT",
      "--> fedcba987654",
    ]);
  });
});

describe("openTerminalView()", () => {
  function show(events: readonly BuildEvent[], columns = 60): string {
    let text = "";
    let time = 0;
    const screen = { columns, rows: 10, write: (part: string) => (text += part), now: () => time };
    let tick = () => {};
    const repeat = (work: () => void) => {
      tick = work;
      return () => (text += "<stopped>");
    };
    const view = openTerminalView({ screen, colours: new Chalk({ level: 0 }), repeat });
    for (const event of events) {
      time += 1000;
      view.onEvent(event);
      tick();
    }
    view.end();
    view.end();
    return text;
  }

  it("shows running steps with their last lines, and those that are done with their times", () => {
    const lines = Array.from({ length: 8 }, (_, index) => `line ${index}\u001b[31m`);
    const text = show([
      one,
      { type: "step-started", step: run },
      ...lines.map((line): BuildEvent => ({ type: "output", step: run, stream: "stdout", line })),
      { type: "step-finished", step: run, result: { ...done, durationMs: 65_000 } },
      { type: "step-finished", step: from, result: { ...done, isCached: true } },
    ]);
    expect(text).toContain("[+] Building 2.0s (0/2)");
    expect(text).toContain(" => => line 7\\x1b[31m");
    const last = text.split("[+] Building 10.0s")[1] ?? "";
    expect(last).not.toContain("line 1\\x1b");
    expect(last).toContain("line 2\\x1b");
    expect(text).toMatch(/ => \[2\/2\] RUN make \(2\.0KiB\) +1m05s\n/);
    expect(text).toMatch(/ => CACHED \[1\/2\] FROM a +0\.0s\n/);
    expect(text.match(/<stopped>/g)).toHaveLength(1);
  });

  it("keeps within the terminal", () => {
    const text = show([one, { type: "step-started", step: { ...run, text: `RUN ${"x".repeat(200)}\ny` } }], 30);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what moves the cursor takes no room
    const shown = text.replace(/\u001b\[\d*[A-Z]|\r/g, "").split("\n");
    expect(Math.max(...shown.map((line) => line.length))).toBeLessThan(40);
    expect(shown.find((line) => line.startsWith(" => "))?.length).toBe(29);
  });
});

describe("describeStepFailure()", () => {
  const text = "FROM a\n\nRUN make \\\n  all\nCMD b\n";

  it("shows the lines of the file, the wrong ones marked", () => {
    expect(excerpt(text, { file: "Dockerfile", startLine: 3, endLine: 4 })).toEqual([
      "Dockerfile:3",
      "--------------------",
      " 1 |     FROM a",
      " 2 |",
      " 3 | >>> RUN make \\",
      " 4 | >>>   all",
      " 5 |     CMD b",
      "--------------------",
    ]);
  });

  it("repeats the last output where it has not been shown", () => {
    const failure = { step: run, message: "x", exitCode: 1, lastOutput: ["bad"] };
    expect(describeStepFailure(failure, text, true).slice(0, 3)).toEqual([" > RUN make", "   bad", "Dockerfile:2"]);
    expect(describeStepFailure(failure, text, false)[0]).toBe("Dockerfile:2");
  });
});

describe("formatSeconds()", () => {
  it.each([
    [0, "0.0s"],
    [1234, "1.2s"],
    [65_000, "1m05s"],
  ])("formats %d", (ms, text) => {
    expect(formatSeconds(ms)).toBe(text);
  });
});
