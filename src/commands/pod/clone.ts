import { defineCommand, type Invocation } from "../../cli/command.ts";
import { infraOptions } from "../../cli/options/pod.ts";
import { changeResources } from "../../container/config/resources.ts";
import { infraProgramPath } from "../../container/infra.ts";
import { removePod } from "../../container/remove.ts";
import type { ContainerConfig } from "../../model/container-config.ts";
import type { PodConfig } from "../../model/pod-config.ts";
import { clonePod } from "../../pod/clone.ts";
import { startPod } from "../../pod/start.ts";
import { buildPodRequest, withDefaults } from "./pod-request.ts";

const cloneOptions = {
  ...infraOptions,
  destroy: { type: "boolean", describe: "Destroy the original pod" },
  name: { type: "string", short: "n", describe: "Name the new pod" },
  start: { type: "boolean", describe: "Start the new pod" },
} as const;

export const clone = defineCommand({
  usage: "[options] POD [NAME]",
  summary: "Clone an existing pod",
  description: "Create an exact copy of a pod and the containers within it",
  examples: ["dhow pod clone pod_name new_name"],
  options: cloneOptions,
  operands: { min: 1, max: 2, complete: "pods" },
  async run(given, context) {
    const { engine, out } = context;
    const { options, operands } = given;
    const original = engine.pods.get(operands[0] ?? "");
    const { config: wanted, infra } = buildPodRequest(
      {
        name: undefined,
        infra: { name: options["infra-name"], command: options["infra-command"], image: undefined },
        shares: original.config.shares,
        sharesParent: original.config.sharesParent,
        exitPolicy: original.config.exitPolicy,
        flags: { ...options, "conmon-pidfile": options["infra-conmon-pidfile"] },
        changed: given.changed as (flag: string) => boolean,
      },
      context,
    );
    const { id } = await clonePod(engine, original.id, {
      name: operands[1] ?? options.name,
      infraName: options["infra-name"],
      changePod: (config) => changePod(given, config, wanted),
      changeInfra: (config) => (infra ? changeInfra(given, config, infra.config) : config),
    });
    if (options.destroy) await removePod(engine, original.id, { force: true });
    if (options.start) await startPod(engine, id);
    out.line(id);
  },
});

type Given = Invocation<typeof cloneOptions>;

function changePod({ options, changed }: Given, config: PodConfig, wanted: Omit<PodConfig, "infraId">): PodConfig {
  const resources = changeResources(
    { flags: withDefaults(options), changed: changed as (flag: string) => boolean },
    config.resources,
  );
  return {
    ...config,
    labels: { ...config.labels, ...wanted.labels },
    ...(changed("hostname") ? { hostname: wanted.hostname } : {}),
    ...(changed("restart") ? { restart: wanted.restart } : {}),
    ...(Object.keys(resources).length > 0 ? { resources } : {}),
    createCommand: wanted.createCommand,
  };
}

/** Which part of the infra container's configuration each flag stands for. Mounts and labels are added to what there is. */
const parts: Readonly<Partial<Record<keyof typeof infraOptions, readonly (keyof ContainerConfig)[]>>> = {
  gidmap: ["userns"],
  hostname: ["hostname"],
  "infra-command": ["argv", "entrypoint", "command"],
  "infra-conmon-pidfile": ["conmonPidFile"],
  pid: ["pidMode"],
  restart: ["restart"],
  "security-opt": ["security"],
  "shm-size": ["shmSizeBytes"],
  subgidname: ["userns"],
  subuidname: ["userns"],
  sysctl: ["sysctls"],
  uidmap: ["userns"],
  userns: ["userns", "user"],
  uts: ["utsMode"],
};

function changeInfra({ changed }: Given, config: ContainerConfig, wanted: ContainerConfig): ContainerConfig {
  const names = (Object.keys(parts) as (keyof typeof parts)[]).filter((flag) => changed(flag));
  const keys = names.flatMap((flag) => parts[flag] ?? []);
  const mounts = wanted.mounts.filter(({ destination }) => destination !== infraProgramPath);
  return {
    ...config,
    ...Object.fromEntries(keys.map((key) => [key, wanted[key]])),
    labels: { ...config.labels, ...wanted.labels },
    mounts: [...config.mounts, ...mounts],
    devices: [...config.devices, ...wanted.devices],
  };
}
