import type { CommandContext } from "../../cli/command.ts";
import { parseFlags } from "../../cli/flags.ts";
import { unsupportedOptions } from "../../cli/options/container/unsupported.ts";
import { createOptions } from "../../cli/options/container.ts";
import { callerFacts } from "../../container/caller-facts.ts";
import { buildContainerConfig } from "../../container/config/build.ts";
import type { ContainerFlags } from "../../container/config/flags.ts";
import { changeResources } from "../../container/config/resources.ts";
import { findInfraProgram, infraCommand, infraProgramPath } from "../../container/infra.ts";
import type { ImageRecord } from "../../engine.ts";
import type { ContainerConfig } from "../../model/container-config.ts";
import type { ExitPolicy, SharedNamespace } from "../../model/pod-config.ts";
import type { PodRequest } from "../../pod/create.ts";
import { invalid } from "./targets.ts";

export interface PodFlags {
  readonly name: string | undefined;
  /** Undefined for a pod without an infra container. */
  readonly infra:
    | {
        readonly name: string | undefined;
        readonly command: string | undefined;
        readonly image: ImageRecord | undefined;
      }
    | undefined;
  readonly shares: readonly SharedNamespace[];
  readonly sharesParent: boolean;
  readonly exitPolicy: ExitPolicy;
  /** Flags of `create` that hold for the infra container, by long name. */
  readonly flags: Readonly<Record<string, unknown>>;
  changed(name: string): boolean;
}

/**
 * What a command line asks of a new pod.
 * @throws {DhowError} `invalid-argument` with podman's words; `unsupported`; `unavailable` without a program for the infra
 * container.
 */
export function buildPodRequest(pod: PodFlags, context: CommandContext): PodRequest {
  const { flags, changed, shares, infra } = pod;
  const infraConfig = buildInfraConfig(pod, context);
  const { network, labels, restart, createCommand, hostname } = infraConfig;
  const isForwarded = network.mode !== "host" && network.mode !== "none";
  if (changed("publish") && !isForwarded) {
    throw invalid("PortMappings can only be used with Bridge, slirp4netns, or pasta networking");
  }
  if (network.mode === "container") throw invalid("pods presently do not support network mode container");
  const resources = changeResources({ flags: withDefaults(flags), changed });
  return {
    name: pod.name,
    config: {
      labels,
      hostname: changed("hostname") ? (hostname ?? "") : "",
      shares: infra ? shares : [],
      exitPolicy: pod.exitPolicy,
      restart,
      sharesParent: pod.sharesParent,
      ...(Object.keys(resources).length > 0 ? { resources } : {}),
      createCommand,
    },
    infra: infra && { name: infra.name, config: infraConfig },
  };
}

/** Limits are the pod's, not its infra container's. */
const resourceNames = [
  ...["blkio-weight", "blkio-weight-device", "cpu-shares", "cpus", "cpuset-cpus", "cpuset-mems"],
  ...["device-read-bps", "device-write-bps", "memory", "memory-swap"],
];

function buildInfraConfig(
  { flags, changed, shares, infra }: PodFlags,
  { engine }: Pick<CommandContext, "engine">,
): ContainerConfig {
  const own = Object.fromEntries(Object.entries(flags).filter(([name]) => !resourceNames.includes(name)));
  const image = infra?.image;
  return buildContainerConfig({
    flags: withDefaults({
      ...own,
      ...(infra && !image ? bareInfra() : {}),
      ...(infra ? {} : { entrypoint: infraProgramPath }),
      ...(infra?.command === undefined ? {} : { entrypoint: infra.command }),
      ipc: shares.includes("ipc") ? "shareable" : undefined,
      passwd: false,
    }),
    changed: (name) => changed(name) && !resourceNames.includes(name),
    unsupported: Object.keys(unsupportedOptions),
    command: [],
    image: {
      id: image?.id ?? "",
      name: image ? (image.names[0] ?? image.id) : "",
      defaults: image ? (engine.images.config(image).config ?? {}) : {},
    },
    caller: callerFacts(engine),
    createCommand: ["dhow", ...process.argv.slice(2)],
  });
}

/** Without an image, there is nothing in it but the program that holds the namespaces. */
function bareInfra(): Readonly<Record<string, unknown>> {
  return {
    entrypoint: JSON.stringify(infraCommand),
    mount: [`type=bind,source=${findInfraProgram()},destination=${infraProgramPath},ro=true`],
    "read-only": true,
    "read-only-tmpfs": false,
  };
}

/** All flags of `create`, those that were not given with their defaults. */
export function withDefaults(given: Readonly<Record<string, unknown>>): ContainerFlags & Record<string, unknown> {
  return { ...parseFlags({ options: createOptions }, []).options, ...given } as ContainerFlags &
    Record<string, unknown>;
}

/** @throws {DhowError} `invalid-argument` with podman's words. */
export function parseExitPolicy(text: string): ExitPolicy {
  if (text === "" || text === "continue") return "continue";
  if (text === "stop") return text;
  throw invalid(`invalid pod exit policy: ${JSON.stringify(text)}`);
}
