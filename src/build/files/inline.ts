import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { newTemporaryPath, removeTree } from "../../storage/temporary.ts";
import { fromSystemPath } from "../../storage/unpack/byte-path.ts";
import type { InlineFile } from "../dockerfile/ast.ts";
import type { BuildSession } from "../session.ts";
import type { SourceItem } from "./select.ts";

/** Files whose content stands in the Dockerfile, written out for as long as the build lasts. They have no times of their own. */
export async function inlineItems(session: BuildSession, files: readonly InlineFile[]): Promise<SourceItem[]> {
  if (files.length === 0) return [];
  const folder = newTemporaryPath(session.engine.paths.data);
  mkdirSync(folder, { mode: 0o700 });
  session.cleanups.defer(() => removeTree(folder));
  return files.map(({ name, content }, index) => {
    const path = `${folder}/${index}`;
    writeFileSync(path, content);
    chmodSync(path, 0o644);
    const entries = [{ target: fromSystemPath(name), path: fromSystemPath(path), stats: statSync(path) }];
    return { source: name, isDirectory: false, entries };
  });
}
