import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { newTemporaryPath, removeAbandoned } from "../../src/storage/temporary.ts";
import { bootId } from "../../src/system/clock.ts";
import { makeScratch } from "./scratch.ts";

const isPossible = spawnSync("unshare", ["-rm", "true"]).status === 0;

describe("removeAbandoned()", () => {
  it("removes what dead processes and other boots have left, and nothing else", () => {
    const { root } = makeScratch();
    const own = newTemporaryPath(root);
    mkdirSync(own);
    const boot = bootId().slice(0, 8);
    const startTime = own.split(".").at(-2);
    const dead = [
      `${boot}.${process.pid}.1.0`,
      `${boot}.4194305.${startTime}.0`,
      `01234567.${process.pid}.${startTime}.0`,
    ];
    for (const name of [...dead, "without-owner"]) {
      mkdirSync(`${root}/tmp/${name}/deep`, { recursive: true });
      writeFileSync(`${root}/tmp/${name}/deep/file`, "");
    }
    removeAbandoned(root);
    expect(readdirSync(`${root}/tmp`).map((name) => `${root}/tmp/${name}`)).toEqual([own]);
  });

  it.skipIf(!isPossible)("unmounts what a killed process has mounted there", () => {
    const { root } = makeScratch();
    mkdirSync(`${root}/tmp/01234567.1.1.0/merged`, { recursive: true });
    const source = new URL("../../src/storage/temporary.ts", import.meta.url).pathname;
    const script = `
      import { removeAbandoned } from ${JSON.stringify(source)};
      import { spawnSync } from "node:child_process";
      import { readdirSync } from "node:fs";
      spawnSync("mount", ["-t", "tmpfs", "tmpfs", ${JSON.stringify(`${root}/tmp/01234567.1.1.0/merged`)}]);
      removeAbandoned(${JSON.stringify(root)});
      process.stdout.write(JSON.stringify(readdirSync(${JSON.stringify(`${root}/tmp`)})));`;
    const node = [process.execPath, "--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script];
    expect(spawnSync("unshare", ["-rm", ...node], { encoding: "utf8" })).toMatchObject({ stdout: "[]", stderr: "" });
  });

  it("does not need the folder", () => {
    const { root } = makeScratch();
    removeAbandoned(root);
    expect(existsSync(`${root}/tmp`)).toBe(false);
  });
});
