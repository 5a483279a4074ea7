import type { RootfsConfig } from "../../model/container-config.ts";
import { absolutePath } from "./environment.ts";
import type { CallerFacts } from "./flags.ts";
import { cut, invalid, unsupported } from "./values.ts";

/**
 * Reads what stands in the image's place with --rootfs: `PATH[:O]`.
 * @throws {DhowError} `invalid-argument` if it is no folder, or has other options; `unsupported` for `idmap`.
 */
export function parseRootfs(text: string, caller: Pick<CallerFacts, "cwd" | "pathKind">): RootfsConfig {
  const [path, options = ""] = cut(text, ":");
  const given = options.split(",").filter(Boolean);
  if (given.some((option) => option.split("=", 1)[0] === "idmap")) {
    throw unsupported("--rootfs with idmap is not possible for a user: the kernel lets only root map owners like this");
  }
  const wrong = given.find((option) => option !== "O" && option !== "overlay");
  if (wrong !== undefined) throw invalid(`invalid option ${JSON.stringify(wrong)} for --rootfs`);
  const absolute = absolutePath(path, caller.cwd);
  if (path === "" || caller.pathKind(absolute) !== "directory") {
    throw invalid(`--rootfs ${JSON.stringify(path)} is not a directory`);
  }
  return { path: absolute, overlay: given.length > 0 };
}
