import { DhowError } from "../errors.ts";
import { findProgram } from "../system/process.ts";

/** Where an infra container without an image finds its program. Nothing else is in its root filesystem. */
export const infraProgramPath = "/catatonit";

/** The command of an infra container: it only holds the namespaces, and ends with SIGTERM. */
export const infraCommand: readonly string[] = [infraProgramPath, "-P"];

/** @throws {DhowError} `unavailable`. */
export function findInfraProgram(): string {
  const path = findProgram("catatonit");
  if (path !== undefined) return path;
  throw new DhowError("cannot make an infra container: catatonit is not installed", {
    kind: "unavailable",
    hint: "install the package catatonit, or choose an image with --infra-image, or --infra=false",
  });
}
