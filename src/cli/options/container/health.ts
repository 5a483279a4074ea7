import type { OptionTable } from "../../command.ts";

/** How the container's health is watched. */
export const healthOptions = {
  "health-cmd": {
    type: "string",
    describe: "Set a healthcheck command for the container ('none' disables the existing healthcheck)",
  },
  "health-interval": {
    type: "string",
    default: "30s",
    describe: "Set an interval for the healthcheck (a value of disable results in no automatic timer setup)",
  },
  "health-timeout": {
    type: "string",
    default: "30s",
    describe:
      "The maximum time allowed to complete the healthcheck before an interval is considered failed and SIGKILL is sent to the healthcheck process",
  },
  "health-retries": {
    type: "number",
    default: 3,
    describe: "The number of retries allowed before a healthcheck is considered to be unhealthy",
    valueName: "uint",
  },
  "health-start-period": {
    type: "string",
    default: "0s",
    describe: "The initialization time needed for a container to bootstrap",
  },
  "health-start-interval": {
    type: "string",
    default: "0s",
    describe: "Time between the checks in the start period, until the container is healthy",
  },
  "health-on-failure": {
    type: "string",
    default: "none",
    describe: 'Action to take once the container turns unhealthy ("none"|"kill"|"restart"|"stop")',
  },
  "health-startup-cmd": { type: "string", describe: "Set a startup healthcheck command for the container" },
  "health-startup-interval": {
    type: "string",
    default: "30s",
    describe: "Set an interval for the startup healthcheck",
  },
  "health-startup-timeout": {
    type: "string",
    default: "30s",
    describe: "Set the maximum amount of time that the startup healthcheck may take before it is considered failed",
  },
  "health-startup-retries": {
    type: "number",
    default: 0,
    describe: "Set the maximum number of retries before the startup healthcheck will restart the container",
    valueName: "uint",
  },
  "health-startup-success": {
    type: "number",
    default: 0,
    describe:
      "Set the number of consecutive successes before the startup healthcheck is marked as successful and the normal healthcheck begins (0 indicates any success will start the regular healthcheck)",
    valueName: "uint",
  },
  "health-log-destination": {
    type: "string",
    default: "local",
    describe: "Set the destination of the HealthCheck log: local, events_logger, or a folder that gets a copy",
    complete: "files",
  },
  "health-max-log-count": {
    type: "number",
    default: 5,
    describe: "Set maximum number of attempts in the HealthCheck log ('0' means an infinite number)",
    valueName: "uint",
  },
  "health-max-log-size": {
    type: "number",
    default: 500,
    describe: "Set maximum length in characters of stored HealthCheck log ('0' means an infinite length)",
    valueName: "uint",
  },
  "no-healthcheck": { type: "boolean", describe: "Disable healthchecks on container" },
} as const satisfies OptionTable;
