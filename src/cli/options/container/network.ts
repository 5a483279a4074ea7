import type { OptionTable } from "../../command.ts";

/** How the container reaches others and others reach it. */
export const networkOptions = {
  network: {
    type: "string",
    array: true,
    aliases: ["net"],
    describe:
      "Connect a container to a network (NAME[:opts], bridge[:opts], none, host, private, pasta[:opts], slirp4netns[:opts], container:ID, ns:PATH)",
    valueName: "stringArray",
    complete: "networks",
  },
  "network-alias": {
    type: "string",
    array: true,
    describe: "Add network-scoped alias for the container",
    valueName: "strings",
  },
  ip: { type: "string", describe: "Specify a static IPv4 address for the container" },
  ip6: { type: "string", describe: "Specify a static IPv6 address for the container" },
  "mac-address": { type: "string", describe: "Container MAC address (e.g. 92:d0:c6:0a:29:33)" },
  publish: {
    type: "string",
    array: true,
    short: "p",
    describe: "Publish a container's port, or a range of ports, to the host ([[ip:]hostPort:]containerPort[/protocol])",
    valueName: "strings",
  },
  "publish-all": {
    type: "boolean",
    short: "P",
    describe: "Publish all exposed ports to random ports on the host interface",
  },
  expose: { type: "string", array: true, describe: "Expose a port or a range of ports", valueName: "strings" },
  dns: { type: "string", array: true, describe: "Set custom DNS servers", valueName: "strings" },
  "dns-option": {
    type: "string",
    array: true,
    aliases: ["dns-opt"],
    describe: "Set custom DNS options",
    valueName: "strings",
  },
  "dns-search": { type: "string", array: true, describe: "Set custom DNS search domains", valueName: "strings" },
  "add-host": {
    type: "string",
    array: true,
    describe: "Add a custom host-to-IP mapping (host:ip)",
    valueName: "strings",
  },
  "hosts-file": {
    type: "string",
    describe: 'Base file to create the /etc/hosts file inside the container, or "none"',
  },
  "no-hosts": {
    type: "boolean",
    describe: "Do not create /etc/hosts within the container, instead use the version from the image",
  },
  "no-hostname": {
    type: "boolean",
    describe: "Do not create /etc/hostname within the container, instead use the version from the image",
  },
  hostname: { type: "string", short: "h", describe: "Set container hostname" },
} as const satisfies OptionTable;
