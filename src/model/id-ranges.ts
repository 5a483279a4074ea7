/** A stretch of ids: `size` ids from `containerId` on are `hostId` and following in the user's own namespace. */
export interface IdRange {
  readonly containerId: number;
  readonly hostId: number;
  readonly size: number;
}

/** The id of the user's namespace that one of the container stands for; undefined if it stands for none. */
export function toHostId(ranges: readonly IdRange[], containerId: number): number | undefined {
  const range = ranges.find((each) => containerId >= each.containerId && containerId < each.containerId + each.size);
  return range && range.hostId + containerId - range.containerId;
}

/** Whether the ids are the same on both sides. */
export function isIdentity(ranges: readonly IdRange[]): boolean {
  return ranges.every(({ containerId, hostId }) => containerId === hostId);
}

/** Puts a range into others, which lose what it takes on either side. */
export function insertRange(ranges: readonly IdRange[], range: IdRange): IdRange[] {
  const left = ranges
    .flatMap((each) => cutOut(each, range, "containerId"))
    .flatMap((each) => cutOut(each, range, "hostId"));
  return sortRanges([...left, range]);
}

export function sortRanges(ranges: readonly IdRange[]): IdRange[] {
  return [...ranges].sort((a, b) => a.containerId - b.containerId);
}

/** Two ranges that have an id in common on one side, if there are such. */
export function findOverlap(ranges: readonly IdRange[]): readonly [IdRange, IdRange] | undefined {
  for (const [index, one] of ranges.entries()) {
    for (const other of ranges.slice(index + 1)) {
      if (meets(one, other, "containerId") || meets(one, other, "hostId")) return [one, other];
    }
  }
  return undefined;
}

/**
 * Cuts ranges where those of the namespace around end: the kernel maps no range that lies in two of them. Ids that the
 * namespace around does not have stay, for the kernel to refuse.
 * @param around What the namespace around has: its ids are `containerId` there, and `hostId` here.
 */
export function cutAtBounds(ranges: readonly IdRange[], around: readonly IdRange[]): IdRange[] {
  const bounds = around.flatMap(({ containerId, size }) => [containerId, containerId + size]).sort((a, b) => a - b);
  return ranges.flatMap((range) => {
    const offsets = bounds.map((bound) => bound - range.hostId).filter((offset) => offset > 0 && offset < range.size);
    const starts = [0, ...new Set(offsets)];
    return starts.map((start, index) => part(range, start, (starts[index + 1] ?? range.size) - start));
  });
}

function meets(one: IdRange, other: IdRange, side: "containerId" | "hostId"): boolean {
  return one[side] < other[side] + other.size && other[side] < one[side] + one.size;
}

function cutOut(range: IdRange, hole: IdRange, side: "containerId" | "hostId"): IdRange[] {
  if (!meets(range, hole, side)) return [range];
  const before = hole[side] - range[side];
  const after = range[side] + range.size - (hole[side] + hole.size);
  return [part(range, 0, before), part(range, range.size - after, after)].filter(({ size }) => size > 0);
}

function part({ containerId, hostId }: IdRange, offset: number, size: number): IdRange {
  return { containerId: containerId + offset, hostId: hostId + offset, size };
}
