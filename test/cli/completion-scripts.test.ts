import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { completionScripts } from "../../src/cli/completion-scripts.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dhow-completion-"));
  const program = join(folder, "dhow");
  writeFileSync(
    program,
    `#!/bin/sh
    case $2 in
      *--sort=*) echo "--sort=created" ;;
      *alpine:*) echo "alpine:3.20"; echo "alpine:latest" ;;
      *-i*) echo ":files" ;;
      *) printf 'ps\\tList containers\\npull\\tPull an image\\n' ;;
    esac\n`,
  );
  chmodSync(program, 0o755);
  writeFileSync(join(folder, "two words.tar"), "");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function inBash(line: string, ...words: string[]): string[] {
  const script = `${completionScripts.bash}
    cd "$1"; COMP_LINE=$2; COMP_POINT=\${#2}; shift 2; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _dhow
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const result = spawnSync("bash", ["-c", script, "bash", folder, line, join(folder, "dhow"), ...words], {
    encoding: "utf8",
  });
  expect(result.stderr).toBe("");
  return result.stdout.trimEnd().split("\n");
}

describe("the completion script of bash", () => {
  it("offers candidates without their descriptions", () => {
    expect(inBash("dhow p", "p")).toEqual(["ps", "pull"]);
  });

  it("leaves out what readline takes for an earlier word", () => {
    expect(inBash("dhow ps --sort=cr", "ps", "--sort", "=", "cr")).toEqual(["created"]);
    expect(inBash("dhow ps --sort=", "ps", "--sort", "=")).toEqual(["created"]);
    expect(inBash("dhow run alpine:", "run", "alpine", ":")).toEqual(["3.20", "latest"]);
  });

  it("offers files, also with blanks in their names", () => {
    expect(inBash("dhow load -i two", "load", "-i", "two")).toEqual(["two words.tar"]);
  });
});

describe("completion scripts", () => {
  it.each(Object.entries(completionScripts))("are well-formed: %s", (shell, script) => {
    const path = join(folder, `script.${shell}`);
    writeFileSync(path, script);
    const result = spawnSync(shell, ["-n", path], { encoding: "utf8" });
    // zsh and fish need not be there.
    if (shell !== "bash" && result.error) return;
    expect(result.stderr).toBe("");
    expect(result.status).toBe(0);
  });
});
