import { toMap } from "../../cli/template/values.ts";
import type { VolumeRow } from "../../volume/list.ts";

/** What `volume inspect` shows, and one element of `volume ls --format json`. */
export function volumeJson({ volume, mountpoint, mountCount }: VolumeRow): Record<string, unknown> {
  return {
    Name: volume.name,
    Driver: "local",
    Mountpoint: mountpoint,
    CreatedAt: volume.createdAt.toISOString(),
    Labels: volume.labels,
    Scope: "local",
    Options: volume.options,
    ...(volume.uid === 0 ? {} : { UID: volume.uid }),
    ...(volume.gid === 0 ? {} : { GID: volume.gid }),
    ...(volume.anonymous ? { Anonymous: true } : {}),
    MountCount: mountCount,
    ...(volume.needsCopyUp ? { NeedsCopyUp: true } : {}),
    ...(volume.needsChown ? { NeedsChown: true } : {}),
    LockNumber: 0,
  };
}

/** What a template of `volume inspect` sees: every field, also those that JSON leaves out. */
export function volumeFields(row: VolumeRow): Record<string, unknown> {
  const { volume } = row;
  return {
    ...volumeJson(row),
    CreatedAt: volume.createdAt,
    Labels: toMap(volume.labels),
    Options: toMap(volume.options),
    Status: toMap({}),
    UID: volume.uid,
    GID: volume.gid,
    Anonymous: volume.anonymous,
    NeedsCopyUp: volume.needsCopyUp,
    NeedsChown: volume.needsChown,
    Timeout: 0,
    StorageID: "",
  };
}

/** What a template of `volume ls` sees: labels are one text, as in docker. */
export function volumeListFields(row: VolumeRow): Record<string, unknown> {
  const labels = Object.entries(row.volume.labels).map(([key, value]) => `${key}=${value}`);
  return {
    ...volumeFields(row),
    Labels: labels.sort().join(","),
    Label: (key: string) => row.volume.labels[key] ?? "",
  };
}
