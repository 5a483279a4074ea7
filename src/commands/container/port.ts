import { defineCommand } from "../../cli/command.ts";
import { publishedPorts } from "../../container/dependencies.ts";
import { canExec } from "../../container/state.ts";
import type { ContainerRecord } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import type { PortMapping } from "../../model/container-config.ts";
import { findTarget, findTargets, targetOptions } from "./targets.ts";

export const port = defineCommand({
  usage: "[options] CONTAINER [PORT[/PROTO]]",
  summary: "List port mappings or a specific mapping for the container",
  description:
    "List port mappings for the CONTAINER, or look up the public-facing port that is NAT-ed to the PRIVATE_PORT",
  examples: ["dhow port --all", "dhow port ctrID 80/tcp"],
  options: {
    ...targetOptions,
    all: { type: "boolean", short: "a", describe: "Display port information for all containers" },
  },
  operands: { max: 2, complete: "containers" },
  async run({ options, operands }, { engine, out }) {
    checkOperands(operands, options);
    if (options.all) {
      const { targets } = await findTargets(engine, { operands: [], all: true });
      for (const line of targets.flatMap(({ record }) => linesOf(record, publishedPorts(engine, record.config))))
        out.line(line);
      return;
    }
    const [name, wanted] = options.latest ? [undefined, operands[0]] : operands;
    const { record } = await findTarget(engine, { operands: name === undefined ? [] : [name], latest: options.latest });
    const ports = publishedPorts(engine, record.config);
    const lines = wanted === undefined ? ports.map(mappingText) : hostPortsOf(ports, wanted);
    for (const line of lines) out.line(line);
  },
});

function checkOperands(operands: readonly string[], { all, latest }: { all: boolean; latest: boolean }): void {
  if (all && latest) throw invalid("--all and --latest cannot be used together");
  if (all && operands.length > 0) throw invalid("no additional arguments can be used with --all");
  if (!all && !latest && operands.length === 0) {
    throw invalid("you must supply a running container name or id");
  }
  if (latest && operands.length > 1) throw invalid("--latest and containers cannot be used together");
}

/** For --all: a running container's id and its mappings, if it has any. */
function linesOf({ id, state }: ContainerRecord, ports: readonly PortMapping[]): string[] {
  return canExec(state) && ports.length > 0 ? [id, ...ports.map(mappingText)] : [];
}

function hostPortsOf(ports: readonly PortMapping[], wanted: string): string[] {
  const found = ports.filter(privatePortTest(wanted));
  if (found.length > 0) return found.map(hostText);
  throw new DhowError(`failed to find published port ${JSON.stringify(wanted)}`, { kind: "not-found" });
}

/** `80`, or `80/udp`; without a protocol any is meant. */
function privatePortTest(text: string): (mapping: PortMapping) => boolean {
  const match = /^(\d+)(?:\/(\w+))?$/.exec(text);
  if (!match) throw invalid(`invalid port ${JSON.stringify(text)}: write it as 80 or as 80/udp`);
  const [, number, protocol] = match;
  return (mapping) =>
    mapping.containerPort === Number(number) && (protocol === undefined || mapping.protocol === protocol.toLowerCase());
}

function mappingText(mapping: PortMapping): string {
  return `${mapping.containerPort}/${mapping.protocol} -> ${hostText(mapping)}`;
}

function hostText({ hostIp, hostPort }: PortMapping): string {
  return `${hostIp || "0.0.0.0"}:${hostPort}`;
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
