import { loadRegistriesConfig } from "../registry/registries-conf.ts";

/** The registries part of `info`, in podman's shape: the search list and each configured registry. */
export function describeRegistries(): Record<string, unknown> {
  const { search, registries } = loadRegistriesConfig();
  const described: Record<string, unknown> = {};
  for (const { prefix, location, insecure, blocked, mirrors } of registries) {
    const mirrored = mirrors.map((mirror) => ({
      Insecure: mirror.insecure,
      Location: mirror.location,
      PullFromMirror: mirror.pullFromMirror === "all" ? "" : mirror.pullFromMirror,
    }));
    described[prefix] = {
      Blocked: blocked,
      Insecure: insecure,
      Location: location === "" ? prefix : location,
      MirrorByDigestOnly: false,
      Mirrors: mirrored.length > 0 ? mirrored : null,
      Prefix: prefix,
      PullFromMirror: "",
    };
  }
  return search.registries.length > 0 ? { ...described, search: search.registries } : described;
}
