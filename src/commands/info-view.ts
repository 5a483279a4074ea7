/** Podman's field names in templates, where they are not the JSON name with a capital first letter. */
const goNames: Readonly<Record<string, string>> = {
  apparmorEnabled: "AppArmorEnabled",
  capabilities: "DefaultCapabilities",
  cgroupControllers: "CgroupControllers",
  cgroupVersion: "CgroupsVersion",
  container_id: "ContainerID",
  cpus: "CPUs",
  cpuUtilization: "CPUUtilization",
  gidmap: "GIDMap",
  host_id: "HostID",
  idMappings: "IDMappings",
  ociRuntime: "OCIRuntime",
  os: "OS",
  seccompEnabled: "SECCOMPEnabled",
  seccompProfilePath: "SECCOMPProfilePath",
  selinuxEnabled: "SELinuxEnabled",
  slirp4netns: "Slirp4NetNS",
  uidmap: "UIDMap",
};

/** What templates see of plain data: Go's field names, and the JSON names again in `{{json .}}`. */
export function viewOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(viewOf);
  if (typeof value !== "object" || value === null || value instanceof Map) return value;
  const fields = Object.entries(value).map(([name, field]) => [goNameOf(name), viewOf(field)]);
  return Object.defineProperty(Object.fromEntries(fields), "toJSON", { value: () => value, enumerable: false });
}

function goNameOf(name: string): string {
  return goNames[name] ?? name.charAt(0).toUpperCase() + name.slice(1);
}
