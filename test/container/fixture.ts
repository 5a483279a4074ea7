import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "../../src/engine.ts";
import type { ContainerConfig } from "../../src/model/container-config.ts";
import type { ContainerChange, ContainerRecord } from "../../src/storage/containers.ts";
import { identifyProcess, type ProcessIdentity } from "../../src/system/clock.ts";
import { openScratch } from "../storage/scratch-engine.ts";

/** Only what the lifecycle looks at. */
const config = {
  imageName: "",
  imageId: "",
  autoRemove: false,
  mounts: [],
  secrets: [],
  userns: { mode: "host" },
  restart: { policy: "no", maxRetries: 0 },
  stopSignal: "SIGTERM",
  stopTimeoutSeconds: 10,
  log: { driver: "k8s-file", maxSizeBytes: undefined, path: undefined },
  network: { mode: "none" },
  pidMode: { mode: "private" },
  ipcMode: { mode: "private" },
  utsMode: { mode: "private" },
  cgroupMode: { mode: "private" },
  cgroups: "disabled",
} as unknown as ContainerConfig;

export interface Fixture extends Disposable {
  readonly engine: Engine;
  /** Records a container. */
  add(name: string, change?: ContainerChange, configChange?: Partial<ContainerConfig>): ContainerRecord;
  /** Starts a program that stands in for a container's process. */
  process(script: string): ProcessIdentity;
}

/** An engine on a folder of its own, with records but without real containers. */
export function openFixture(): Fixture {
  const folder = mkdtempSync(join(tmpdir(), "dhow-container-"));
  const engine = openScratch(folder, "vfs");
  const started: ReturnType<typeof spawn>[] = [];
  let counter = 0;
  return {
    engine,
    add(name, change, configChange) {
      const id = (counter++).toString(16).padStart(64, "0");
      engine.containers.add({ id, name, createdAt: new Date(), config: { ...config, ...configChange } });
      return engine.containers.update(id, change ?? {});
    },
    process(script) {
      const child = spawn("sh", ["-c", script], { stdio: "ignore" });
      started.push(child);
      return identifyProcess(child.pid as number) as ProcessIdentity;
    },
    [Symbol.dispose]() {
      for (const child of started) child.kill("SIGKILL");
      engine.database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
