import type { OptionTable } from "../../command.ts";

/** What file systems the container sees. */
export const mountOptions = {
  volume: {
    type: "string",
    array: true,
    short: "v",
    describe: "Bind mount a directory of the host, or a volume, into the container",
    valueName: "stringArray",
  },
  mount: {
    type: "string",
    array: true,
    describe: "Attach a filesystem mount to the container",
    valueName: "stringArray",
  },
  tmpfs: {
    type: "string",
    array: true,
    describe: "Mount a temporary filesystem (tmpfs) into a container",
    valueName: "tmpfs",
  },
  "read-only": { type: "boolean", describe: "Make containers root filesystem read-only" },
  "read-only-tmpfs": {
    type: "boolean",
    default: true,
    describe: "When running containers in read-only mode mount a read-write tmpfs on /run, /tmp and /var/tmp",
  },
  "image-volume": {
    type: "string",
    describe: 'How the volumes named by the image are made ("anonymous"|"tmpfs"|"ignore"; default "anonymous")',
  },
  "volumes-from": {
    type: "string",
    array: true,
    describe: "Mount volumes from the specified containers",
    valueName: "strings",
    complete: "containers",
  },
  secret: {
    type: "string",
    array: true,
    describe: "Add secret to container",
    valueName: "stringArray",
    complete: "secrets",
  },
  "shm-size-systemd": {
    type: "string",
    describe: "Size of the tmpfs mounts that a container with systemd gets",
    valueName: "<number>[<unit>]",
  },
  chrootdirs: {
    type: "string",
    array: true,
    describe: "Directories in the container that get hosts, resolv.conf and the like as its root does",
    valueName: "strings",
  },
  "shm-size": { type: "string", default: "65536k", describe: "Size of /dev/shm", valueName: "<number>[<unit>]" },
  device: {
    type: "string",
    array: true,
    describe: "Add a host device, or a vendor's (vendor.com/class=name), to the container",
    valueName: "strings",
  },
  gpus: {
    type: "string",
    array: true,
    describe: "GPU devices to add to the container ('all' to pass all GPUs)",
    valueName: "strings",
  },
} as const satisfies OptionTable;
