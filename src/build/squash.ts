import type { ImageLayer } from "../image/record-image.ts";
import type { HistoryEntry } from "../oci/image.ts";
import { chainIds } from "../storage/chain-id.ts";
import type { PackSource } from "../storage/pack/pack-tree.ts";
import { commitLayer } from "./layer.ts";
import type { BuildSession } from "./session.ts";
import type { ImageState } from "./steps/image-state.ts";
import { mountForReading } from "./steps/mounted-state.ts";
import { fileTime } from "./steps/step-context.ts";

/** Makes one layer of those that were asked to become one. */
export async function squash(session: BuildSession, state: ImageState): Promise<ImageState> {
  const { layers: wanted } = session.request.result;
  const kept = wanted === "all" ? 0 : state.baseLayers;
  if (wanted === "each" || state.layers.length - kept < (wanted === "all" ? 1 : 2)) return state;
  const base = state.layers.slice(0, kept);
  const parent = chainIds(base.map(({ diffId }) => diffId)).at(-1);
  const directory = await mountForReading(session, state.chainId);
  const source: PackSource =
    parent === undefined
      ? { kind: "tree", directory }
      : { kind: "changes", directory, base: await mountForReading(session, parent) };
  const { diffId, digest, size, compression, chainId } = await commitLayer(session.engine, {
    ...{ parent, source, time: fileTime(session) },
  });
  const layer: ImageLayer = { diffId, digest, size, compression };
  const history =
    wanted === "all" ? squashedHistory(state.history, 0) : squashedHistory(state.history, state.baseHistory);
  return { ...state, layers: [...base, layer], chainId, history };
}

/** The steps are told all the same; the last of them has the layer. */
function squashedHistory(history: readonly HistoryEntry[], from: number): HistoryEntry[] {
  return history.map((entry, index) => {
    if (index < from) return entry;
    const { empty_layer: _, ...rest } = entry;
    return index === history.length - 1 ? rest : { ...rest, empty_layer: true };
  });
}
