import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { installPackage } from "./install-package.ts";
import { type RunningRegistry, startRegistry } from "./registry.ts";

/** What every end-to-end test file gets, by `inject("installation")`. */
export interface Installation {
  /** A folder that everybody may enter; removed after the tests. */
  readonly folder: string;
  /** Where the packed package was installed as `npm install -g --prefix` does it. */
  readonly prefix: string;
  /** A registry without passwords over plain http: "127.0.0.1:PORT". */
  readonly registry: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    installation: Installation;
  }
}

/** Packs and installs dhow as a user would, and starts a registry. The tests run what was installed, never the checkout. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "dhow-e2e-"));
  chmodSync(folder, 0o755);
  let registry: RunningRegistry | undefined;
  async function teardown(): Promise<void> {
    await registry?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  try {
    const prefix = installPackage(folder);
    registry = await startRegistry({ folder: join(folder, "registry") });
    project.provide("installation", { folder, prefix, registry: registry.host });
  } catch (error) {
    await teardown();
    throw error;
  }
  return teardown;
}
