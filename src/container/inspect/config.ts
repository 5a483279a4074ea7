import type { PortMapping, SecretConfig } from "../../model/container-config.ts";
import {
  type HealthCheck,
  type HealthConfig,
  type HealthProbe,
  healthDefaults,
  type StartupCheck,
} from "../../model/health.ts";
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
    ExposedPorts: exposedPorts([...config.exposedPorts, ...publishedPorts(config.network.ports)]),
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
    ...inspectHealth(config.health),
    CreateCommand: config.createCommand,
    Timezone: config.timezone ?? "",
    Umask: config.umask,
    SystemdMode: config.systemd !== undefined,
    Secrets: config.secrets.map(inspectSecret),
    Timeout: config.timeoutSeconds,
    StopTimeout: config.stopTimeoutSeconds,
    Passwd: true,
    sdNotifyMode: "container",
  };
}

function inspectHealth(health: HealthConfig | undefined): object {
  return {
    ...(health ? { Healthcheck: checkJson(health.check) } : {}),
    ...(health?.startup ? { StartupHealthCheck: startupJson(health.startup) } : {}),
    HealthcheckOnFailureAction: health?.onFailure ?? "none",
    HealthLogDestination: health?.logDestination ?? healthDefaults.logDestination,
    ...logLimits(health),
  };
}

/** Under the names that podman writes, and those that its templates know. */
function logLimits(health: HealthConfig | undefined): object {
  const { maxLogCount, maxLogSize } = health ?? healthDefaults;
  return {
    HealthcheckMaxLogCount: maxLogCount,
    HealthcheckMaxLogSize: maxLogSize,
    HealthMaxLogCount: maxLogCount,
    HealthMaxLogSize: maxLogSize,
  };
}

/** Times in nanoseconds; what is 0 is left out, as Docker and podman do. */
function checkJson({ startPeriodMs, startIntervalMs, ...probe }: HealthCheck): object {
  const more = { StartPeriod: startPeriodMs * 1e6, StartInterval: startIntervalMs * 1e6 };
  return { ...probeJson(probe), ...withoutZeros(more) };
}

function startupJson({ successes, ...probe }: StartupCheck): object {
  return { ...probeJson(probe), ...withoutZeros({ Successes: successes }) };
}

function probeJson({ test, intervalMs, timeoutMs, retries }: HealthProbe): object {
  return {
    Test: test,
    ...withoutZeros({ Interval: intervalMs * 1e6, Timeout: timeoutMs * 1e6, Retries: retries }),
  };
}

function withoutZeros(values: Readonly<Record<string, number>>): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== 0));
}

/** Never its content. */
function inspectSecret({ name, id, uid, gid, mode }: SecretConfig): object {
  return { Name: name, ID: id, UID: uid, GID: gid, Mode: mode };
}

function publishedPorts(ports: readonly PortMapping[]): string[] {
  return ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`);
}

function exposedPorts(ports: readonly string[]): Record<string, object> {
  return Object.fromEntries(ports.map((port) => [port, {}]));
}
