import { findContainersConf, mayBeConfigured } from "../system/containers-conf-files.ts";
import type { CallerFacts } from "./config/flags.ts";

/** What containers.conf says about containers. @throws {DhowError} `invalid-argument` for a mistake in it. */
export async function readConfigured(): Promise<Pick<CallerFacts, "configuredUserns">> {
  const files = findContainersConf();
  if (!mayBeConfigured("userns", files)) return { configuredUserns: undefined };
  const { readContainersConf } = await import("../system/containers-conf.ts");
  return { configuredUserns: readContainersConf(files).userns };
}
