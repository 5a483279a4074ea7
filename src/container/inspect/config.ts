import type { ContainerRecord } from "../../storage/containers.ts";
import { hostnameOf } from "../spec/generate.ts";

/** The part `Config` of `inspect`. */
export function inspectConfig({ id, config }: ContainerRecord): object {
  const { imageDefaults } = config;
  return {
    Hostname: hostnameOf({ config, containerId: id }),
    Domainname: "",
    User: config.user,
    AttachStdin: config.stdin,
    AttachStdout: true,
    AttachStderr: true,
    ExposedPorts: exposedPorts(config.exposedPorts),
    Tty: config.terminal,
    OpenStdin: config.stdin,
    StdinOnce: false,
    Env: config.env,
    Cmd: config.command,
    Image: config.imageName,
    Volumes: imageDefaults.Volumes ?? null,
    WorkingDir: config.workdir,
    Entrypoint: config.entrypoint.length > 0 ? config.entrypoint : null,
    OnBuild: imageDefaults.OnBuild ?? null,
    Labels: config.labels,
    Annotations: { "io.container.manager": "dhow", ...config.annotations },
    StopSignal: config.stopSignal,
    HealthcheckOnFailureAction: "none",
    CreateCommand: config.createCommand,
    Timezone: config.timezone ?? "",
    Umask: config.umask,
    Timeout: config.timeoutSeconds,
    StopTimeout: config.stopTimeoutSeconds,
    Passwd: true,
    sdNotifyMode: "container",
  };
}

function exposedPorts(ports: readonly string[]): Record<string, object> {
  return Object.fromEntries(ports.map((port) => [port, {}]));
}
