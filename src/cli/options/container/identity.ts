import type { OptionTable } from "../../command.ts";

/** What the container is called, what becomes of it, and which files tell about it. */
export const identityOptions = {
  name: { type: "string", describe: "Assign a name to the container" },
  replace: { type: "boolean", describe: "If a container with the same name exists, replace it" },
  rm: { type: "boolean", describe: "Remove container after exit" },
  requires: {
    type: "string",
    array: true,
    describe: "Add one or more requirement containers that must be started before this container will start",
    valueName: "strings",
  },
  restart: {
    type: "string",
    describe: 'Restart policy to apply when a container exits ("always"|"no"|"never"|"on-failure"|"unless-stopped")',
  },
  label: { type: "string", array: true, short: "l", describe: "Set metadata on container", valueName: "stringArray" },
  "label-file": {
    type: "string",
    array: true,
    describe: "Read in a line delimited file of labels",
    valueName: "strings",
    complete: "files",
  },
  annotation: {
    type: "string",
    array: true,
    describe: "Add annotations to container (key=value)",
    valueName: "strings",
  },
  cidfile: { type: "string", describe: "Write the container ID to the file", complete: "files" },
  pidfile: { type: "string", describe: "Write the container process ID to the file", complete: "files" },
  "conmon-pidfile": {
    type: "string",
    describe: "Path to the file that will receive the PID of conmon",
    complete: "files",
  },
  "log-driver": {
    type: "string",
    default: "k8s-file",
    describe: "Logging driver for the container (k8s-file, json-file, journald, none, passthrough)",
  },
  "log-opt": {
    type: "string",
    array: true,
    describe: "Logging driver options (path=, max-size=, tag=)",
    valueName: "strings",
  },
  "detach-keys": {
    type: "string",
    default: "ctrl-p,ctrl-q",
    describe:
      "Override the key sequence for detaching a container. Format is a single character [a-Z] or a comma separated sequence of `ctrl-<value>`, where `<value>` is one of: `a-z`, `@`, `^`, `[`, `\\`, `]` or `_`",
    valueName: "[a-Z]",
  },
} as const satisfies OptionTable;
