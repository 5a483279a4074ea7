import { findContainersConf, mayBeConfigured } from "../system/containers-conf-files.ts";
import type { ConfiguredDefaults } from "./config/flags.ts";

/** What containers.conf says about containers. @throws {DhowError} `invalid-argument` for a mistake in it. */
export async function readConfigured(): Promise<ConfiguredDefaults> {
  const files = findContainersConf();
  if (!mayBeConfigured(["userns", "image_volume_mode"], files)) return {};
  const { readContainersConf } = await import("../system/containers-conf.ts");
  return readContainersConf(files);
}
