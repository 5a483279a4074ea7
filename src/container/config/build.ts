import type { ContainerConfig, RootfsConfig } from "../../model/container-config.ts";
import type { Resources } from "../../model/resources.ts";
import type { ContainerDefaults } from "../../oci/image.ts";
import { withConfigured } from "./configured-flags.ts";
import type { CallerFacts, ContainerFlags } from "./flags.ts";
import { buildHealth } from "./health.ts";
import { buildMetadata } from "./metadata.ts";
import { buildMounts } from "./mounts.ts";
import { buildNetwork } from "./network.ts";
import { buildPasswd } from "./passwd.ts";
import { buildMembership, inheritFromPod } from "./pod.ts";
import { buildProcess } from "./process.ts";
import { changeResources } from "./resources.ts";
import { buildSecurity } from "./security.ts";
import { buildSystemd } from "./systemd.ts";
import { refuseContradictions, refuseUnsupported } from "./unsupported.ts";
import { buildUserNamespace } from "./user-namespace.ts";
import { invalid } from "./values.ts";

export interface ConfigRequest {
  readonly flags: ContainerFlags & Readonly<Record<string, unknown>>;
  /** Whether the user gave the flag. */
  changed(name: string): boolean;
  /** Names of the flags that exist only to be refused. */
  readonly unsupported: readonly string[];
  /** What follows the image on the command line. */
  readonly command: readonly string[];
  readonly image: {
    /** As in ImageRecord. */
    readonly id: string;
    /** Fully qualified reference or id that the user gave. */
    readonly name: string;
    /** What there is in place of an image, whose id and name are "" then. */
    readonly rootfs?: RootfsConfig;
    readonly defaults: ContainerDefaults;
  };
  readonly caller: CallerFacts;
  /** The whole command line, for `inspect`. */
  readonly createCommand: readonly string[];
}

/**
 * What a command line asks for, with all defaults of image and dhow filled in.
 * @throws {DhowError} `invalid-argument` for flags that are wrong or contradict each other, with podman's words;
 * `unsupported` for those that dhow does not have yet.
 */
export function buildContainerConfig(request: ConfigRequest): ContainerConfig {
  const { changed, command, image, caller } = request;
  const flags = withConfigured(request.flags, changed, caller);
  refuseUnsupported(request.unsupported, { options: flags, changed });
  refuseContradictions({ changed });
  const process = buildProcess({
    flags,
    command: image.rootfs && command.length === 0 ? [""] : command,
    image: image.defaults,
    caller,
  });
  const security = buildSecurity(flags, image.defaults, caller);
  const userns = buildUserNamespace(flags, caller);
  const network = buildNetwork(flags, image.defaults, caller);
  const config: ContainerConfig = {
    imageName: image.name,
    imageId: image.id,
    ...(image.rootfs ? { rootfs: image.rootfs } : {}),
    ...process,
    ...buildSystemd(flags, process.argv, image.defaults),
    user: flags.user ?? ownUser(userns) ?? process.user,
    ...buildMetadata(flags, image.defaults.Labels ?? {}, caller),
    ...buildMounts(flags, image.defaults, caller),
    ...network,
    ...security,
    ...limitsOf(changeResources({ flags, changed })),
    userns,
    ...buildMembership(flags, caller),
    passwd: buildPasswd(flags, userns, caller),
    health: buildHealth({ flags, changed, caller }, image.defaults.Healthcheck),
    sysctls: checkSysctls(security.sysctls, security, network.network.mode),
    hostname: chooseHostname(flags.hostname, security.utsMode.mode, { network: network.network.mode, caller }),
    imageDefaults: image.defaults,
    createCommand: request.createCommand,
  };
  return inheritFromPod(config, caller);
}

function limitsOf(resources: Resources): Pick<ContainerConfig, "resources"> {
  return Object.keys(resources).length === 0 ? {} : { resources };
}

/** With keep-id, the container runs as the user, whatever the image says. */
function ownUser(userns: ContainerConfig["userns"]): string | undefined {
  return userns.mode === "private" && userns.user ? `${userns.user.uid}:${userns.user.gid}` : undefined;
}

/** Without a name of its own, a container with the host's network has the host's name, as in podman. */
function chooseHostname(
  given: string | undefined,
  uts: ContainerConfig["utsMode"]["mode"],
  { network, caller }: { network: ContainerConfig["network"]["mode"]; caller: CallerFacts },
): string | undefined {
  if (given) {
    if (uts === "container" && caller.pod)
      throw invalid("cannot set hostname when joining the pod UTS namespace: invalid configuration");
    if (uts !== "private")
      throw invalid("cannot set hostname when running in the host UTS namespace: invalid configuration");
    if (!/^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$/.test(given) || given.length > 64) {
      throw invalid(`invalid hostname ${JSON.stringify(given)}`, "use at most 64 letters, digits, dots and hyphens");
    }
    return given;
  }
  return uts === "host" || network === "host" ? caller.hostname : undefined;
}

function checkSysctls(
  sysctls: ContainerConfig["sysctls"],
  { ipcMode, utsMode }: Pick<ContainerConfig, "ipcMode" | "utsMode">,
  network: ContainerConfig["network"]["mode"],
): ContainerConfig["sysctls"] {
  const spaces = [
    { prefix: "fs.mqueue.", host: ipcMode.mode === "host", name: "IPC" },
    { prefix: "net.", host: network === "host", name: "Network" },
    { prefix: "kernel.domainname", host: utsMode.mode === "host", name: "UTS" },
  ];
  for (const [key, value] of Object.entries(sysctls)) {
    const space = spaces.find(({ prefix, host }) => host && key.startsWith(prefix));
    if (space)
      throw invalid(`sysctl ${key}=${value} can't be set since ${space.name} Namespace set to host: invalid argument`);
  }
  return sysctls;
}
