import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { installPackage } from "../e2e/install-package.ts";
import { runLab } from "./machine.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Name of the running machine. */
    machine: string;
  }
}

/** Packs and installs dhow as a user would, and starts a machine that has it in /opt/dhow. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "dhow-vm-"));
  chmodSync(folder, 0o755);
  const name = `dhow${process.pid}`;
  async function teardown(): Promise<void> {
    await runLab("vm-stop", [name]);
    rmSync(folder, { recursive: true, force: true });
  }
  try {
    const started = await runLab("vm-start", ["--warm", "--disk-dir", `${installPackage(folder)}:/opt/dhow`, name]);
    if (started.exitCode !== 0) throw new Error(`the machine does not start: ${started.stderr}`);
    project.provide("machine", name);
  } catch (error) {
    await teardown();
    throw error;
  }
  return teardown;
}
