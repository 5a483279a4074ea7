/** Against archives that would fill the disk or the memory. */
export interface UnpackLimits {
  readonly maxBytes: number;
  readonly maxEntries: number;
}

export const defaultLimits: UnpackLimits = { maxBytes: 2 ** 39, maxEntries: 5_000_000 };
