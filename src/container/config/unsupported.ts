import { invalid, unsupported } from "./values.ts";

/** Podman's flags that dhow does not have yet, with the reason and what to do instead where there is something. */
const groups: readonly { readonly flags: readonly string[]; readonly why: string }[] = [
  {
    flags: ["memory-swappiness", "oom-kill-disable", "cpu-rt-period", "cpu-rt-runtime"],
    why: "cgroup v2, which alone a user may use, knows no such limit",
  },
  { flags: ["rdt-class"], why: "only root can use Intel RDT" },
  { flags: ["decryption-key"], why: "dhow reads no encrypted images" },
  { flags: ["link-local-ip"], why: "networks give no link-local addresses" },
  {
    flags: ["sdnotify"],
    why: "dhow sends systemd no messages; 'dhow wait --condition=healthy' waits for a health check",
  },
];

/** Values of otherwise refused flags that ask for what dhow does anyway. */
const harmless: Readonly<Record<string, readonly string[]>> = {
  sdnotify: ["ignore"],
};

export interface GivenFlags {
  readonly options: Readonly<Record<string, unknown>>;
  changed(name: string): boolean;
}

/**
 * Refuses every flag in `names` that was given: nothing is accepted and ignored.
 * @throws {DhowError} `unsupported`, naming the flag.
 */
export function refuseUnsupported(names: readonly string[], { options, changed }: GivenFlags): void {
  for (const name of names) {
    if (!changed(name) || asksForNothing(name, options[name])) continue;
    if (name === "device-cgroup-rule") {
      throw unsupported("device cgroup rules are not supported in rootless mode or in a user namespace");
    }
    const why = groups.find(({ flags }) => flags.includes(name))?.why;
    throw unsupported(`--${name} is not supported yet${why === undefined ? "" : `: ${why}`}`);
  }
}

function asksForNothing(name: string, value: unknown): boolean {
  const values = Array.isArray(value) ? value : [value];
  return values.every((one) => one === false || (harmless[name]?.includes(String(one)) ?? false));
}

/** Pairs of flags that exclude each other, with podman's words. */
export function refuseContradictions({ changed }: Pick<GivenFlags, "changed">): void {
  if (changed("platform") && (changed("arch") || changed("os"))) {
    throw invalid("--platform option can not be specified with --arch or --os");
  }
}
