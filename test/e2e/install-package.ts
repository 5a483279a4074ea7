import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const checkout = new URL("../..", import.meta.url).pathname;

/** Packs and installs dhow into `folder`, as `npm install -g --prefix` does it. @returns The prefix. */
export function installPackage(folder: string): string {
  const prefix = join(folder, "prefix");
  execFileSync("sh", ["scripts/prepare-build"], { cwd: checkout, stdio: "inherit" });
  const packed = execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], {
    cwd: checkout,
    encoding: "utf8",
  }).trim();
  const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
  const umask = process.umask(0o022);
  try {
    execFileSync("npm", ["install", "-g", "--prefix", prefix, ...quiet, join(folder, packed)], { cwd: folder });
  } finally {
    process.umask(umask);
  }
  if (!existsSync(join(prefix, "bin/dhow"))) throw new Error(`the packed package installs no dhow in ${prefix}/bin`);
  return prefix;
}
