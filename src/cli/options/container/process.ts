import type { OptionTable } from "../../command.ts";

/** What runs in the container, as whom, and with which environment. */
export const processOptions = {
  entrypoint: { type: "string", describe: "Overwrite the default ENTRYPOINT of the image" },
  env: {
    type: "string",
    array: true,
    short: "e",
    describe: "Set environment variables in container",
    valueName: "stringArray",
  },
  "env-file": {
    type: "string",
    array: true,
    describe: "Read in a file of environment variables",
    valueName: "strings",
    complete: "files",
  },
  "env-host": { type: "boolean", describe: "Use all current host environment variables in container" },
  "env-merge": {
    type: "string",
    array: true,
    describe: "Preprocess environment variables from image before injecting them into the container",
    valueName: "stringArray",
  },
  "http-proxy": {
    type: "boolean",
    default: true,
    describe: "Set proxy environment variables in the container based on the host proxy vars",
  },
  unsetenv: {
    type: "string",
    array: true,
    describe: "Unset environment default variables in container",
    valueName: "stringArray",
  },
  "unsetenv-all": { type: "boolean", describe: "Unset all default environment variables in container" },
  workdir: { type: "string", short: "w", describe: "Working directory inside the container" },
  user: { type: "string", short: "u", describe: "Username or UID (format: <name|uid>[:<group|gid>])" },
  "group-add": {
    type: "string",
    array: true,
    describe: "Add additional groups to the primary container process",
    valueName: "strings",
  },
  personality: {
    type: "string",
    choices: ["LINUX", "LINUX32"],
    describe: "Configure execution domain (LINUX, LINUX32)",
  },
  umask: { type: "string", default: "0022", describe: "Set umask in container" },
  tz: { type: "string", describe: "Set timezone in container" },
  attach: {
    type: "string",
    array: true,
    short: "a",
    describe: "Attach to STDIN, STDOUT or STDERR",
    valueName: "strings",
  },
  interactive: { type: "boolean", short: "i", describe: "Keep STDIN open even if not attached" },
  tty: { type: "boolean", short: "t", describe: "Allocate a pseudo-TTY for container" },
  init: {
    type: "boolean",
    describe: "Run an init binary inside the container that forwards signals and reaps processes",
  },
  "init-path": { type: "string", describe: "Path to the container-init binary", complete: "files" },
  systemd: {
    type: "string",
    default: "true",
    choices: ["true", "false", "always"],
    valueIfBare: "true",
    describe: 'Prepare the container for systemd: "true" if that is what it runs, "always", or "false"',
  },
  "stop-signal": { type: "string", describe: "Signal to stop a container. Default is SIGTERM" },
  "stop-timeout": {
    type: "number",
    default: 10,
    describe:
      "Timeout (in seconds) that containers stopped by user command have to exit. If exceeded, the container will be forcibly stopped via SIGKILL.",
    valueName: "uint",
  },
  timeout: {
    type: "number",
    default: 0,
    describe:
      "Maximum length of time a container is allowed to run. The container will be killed automatically after the time expires.",
    valueName: "uint",
  },
} as const satisfies OptionTable;
