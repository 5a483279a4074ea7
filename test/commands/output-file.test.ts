import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openOutputFile } from "../../src/commands/output-file.ts";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "dhow-output-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

it("leaves what was there until the new content is complete", () => {
  const path = folder();
  writeFileSync(`${path}/file`, "old");
  {
    using file = openOutputFile(`${path}/file`);
    file.write(Buffer.from("new"));
    expect(readFileSync(`${path}/file`, "utf8")).toBe("old");
    file.publish();
  }
  expect(readFileSync(`${path}/file`, "utf8")).toBe("new");
  {
    using file = openOutputFile(`${path}/file`);
    file.write(Buffer.from("half"));
  }
  expect(readFileSync(`${path}/file`, "utf8")).toBe("new");
  expect(readdirSync(path)).toEqual(["file"]);
});

it("writes into what is no plain file", async () => {
  const path = folder();
  execFileSync("mkfifo", [`${path}/pipe`]);
  const reader = spawn("cat", [`${path}/pipe`], { stdio: ["ignore", "pipe", "inherit"] });
  let read = "";
  reader.stdout.on("data", (bytes) => {
    read += bytes;
  });
  {
    using file = openOutputFile(`${path}/pipe`);
    file.write(Buffer.from("through"));
    file.publish();
  }
  await once(reader, "close");
  expect(read).toBe("through");
  expect(readdirSync(path)).toEqual(["pipe"]);
});

it("leaves nothing behind when the user interrupts", async () => {
  const path = folder();
  const module = new URL("../../src/commands/output-file.ts", import.meta.url).pathname;
  const script = `const { openOutputFile } = await import(${JSON.stringify(module)});
    openOutputFile("file").write(Buffer.from("half"));
    console.log("open");
    setInterval(() => {}, 1000);`;
  const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", script];
  const child = spawn(process.execPath, flags, { cwd: path, stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  expect(readdirSync(path)).toHaveLength(1);
  child.kill("SIGINT");
  const [code, signal] = await once(child, "exit");
  expect([code, signal]).toEqual([null, "SIGINT"]);
  expect(readdirSync(path)).toEqual([]);
});

it("says what it cannot write", () => {
  expect(() => openOutputFile("/nowhere/file")).toThrow("cannot write /nowhere/file");
});
