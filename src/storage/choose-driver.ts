import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { DhowError } from "../errors.ts";
import { bootId } from "../system/clock.ts";
import { writeFileAtomic } from "../system/files.ts";
import { findProgram, tryRun } from "../system/process.ts";
import { fuseOverlayfsDriver } from "./fuse-overlayfs.ts";
import { overlayDriver } from "./overlay.ts";
import type { DriverName, RootfsDriver } from "./rootfs.ts";
import { newTemporaryPath, removeTree } from "./temporary.ts";
import { vfsDriver } from "./vfs.ts";

const drivers: Readonly<Record<DriverName, RootfsDriver>> = {
  overlay: overlayDriver,
  "fuse-overlayfs": fuseOverlayfsDriver,
  vfs: vfsDriver,
};

/**
 * The storage driver of a data folder: the forced one, else the one that worked earlier in this boot, else the first that
 * works when it is tried. Call it inside of the user's namespaces.
 * @throws {DhowError} `invalid-argument` if the forced name is none.
 */
export function chooseDriver(dataDirectory: string, forced: string | undefined): RootfsDriver {
  if (forced !== undefined) return driverNamed(forced);
  const remembered = recall(dataDirectory);
  if (remembered) return drivers[remembered];
  const driver = [overlayDriver, fuseOverlayfsDriver].find((each) => works(each, dataDirectory)) ?? vfsDriver;
  writeFileAtomic(memory(dataDirectory), `${driver.name} ${bootId()}\n`);
  return driver;
}

/** Makes the next command choose again: for when a mount fails that worked before. */
export function forgetDriver(dataDirectory: string): void {
  rmSync(memory(dataDirectory), { force: true });
}

/** @throws {DhowError} `invalid-argument` if there is no driver of that name. */
export function checkDriverName(name: string): void {
  driverNamed(name);
}

function driverNamed(name: string): RootfsDriver {
  if (isDriverName(name)) return drivers[name];
  throw new DhowError(`storage driver ${JSON.stringify(name)} is not known`, {
    kind: "invalid-argument",
    hint: `choose one of ${Object.keys(drivers).join(", ")}`,
  });
}

function isDriverName(name: string): name is DriverName {
  return Object.hasOwn(drivers, name);
}

function memory(dataDirectory: string): string {
  return `${dataDirectory}/storage-driver`;
}

/** What was chosen in this boot: another kernel may allow more, or less. */
function recall(dataDirectory: string): DriverName | undefined {
  let text: string;
  try {
    text = readFileSync(memory(dataDirectory), "latin1");
  } catch {
    return undefined;
  }
  const [name, boot] = text.trim().split(" ");
  return name !== undefined && isDriverName(name) && boot === bootId() ? name : undefined;
}

/** Mounts with the driver and does what containers do: reads, replaces and removes files of the image. */
function works(driver: RootfsDriver, dataDirectory: string): boolean {
  const program = driver.name === "overlay" ? "mount" : driver.name;
  if (!findProgram(program)) return false;
  const folder = newTemporaryPath(dataDirectory);
  const [layer, target] = [`${folder}/layers/probe/diff`, `${folder}/merged`];
  mkdirSync(`${layer}/directory`, { recursive: true, mode: 0o755 });
  writeFileSync(`${layer}/file`, "from the image");
  try {
    const plan = driver.prepare({ layers: [layer], containerDirectory: folder, target });
    if (plan.commands.some((command) => tryRun(command, { cwd: plan.cwd }).exitCode !== 0)) return false;
    return readFileSync(`${target}/file`, "latin1") === "from the image" && replaces(target);
  } catch {
    return false;
  } finally {
    driver.unmount(target);
    removeTree(folder);
  }
}

/** Whether whiteouts and opaque directories can be made. */
function replaces(target: string): boolean {
  rmSync(`${target}/file`);
  rmSync(`${target}/directory`, { recursive: true });
  mkdirSync(`${target}/directory`);
  writeFileSync(`${target}/file`, "from the container");
  return readFileSync(`${target}/file`, "latin1") === "from the container";
}
