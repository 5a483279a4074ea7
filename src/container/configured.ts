import { findContainersConf, mayBeConfigured } from "../system/containers-conf-files.ts";
import type { ConfiguredDefaults } from "./config/flags.ts";

const keys = [
  "userns",
  "image_volume_mode",
  "default_rootless_network_cmd",
  "pasta_options",
  "read_only",
  "default_ulimits",
  "oom_score_adj",
];

/** What containers.conf says about containers. @throws {DhowError} `invalid-argument` for a mistake in it. */
export async function readConfigured(): Promise<ConfiguredDefaults> {
  const files = findContainersConf();
  if (!mayBeConfigured(keys, files)) return {};
  const { readContainersConf } = await import("../system/containers-conf.ts");
  return readContainersConf(files);
}
