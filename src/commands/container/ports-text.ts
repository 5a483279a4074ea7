import type { PortMapping } from "../../model/container-config.ts";

export interface PortRange extends PortMapping {
  /** How many ports follow each other, on both sides. */
  readonly range: number;
}

/** Joins mappings that continue each other. */
export function portRanges(ports: readonly PortMapping[]): PortRange[] {
  const ranges: PortRange[] = [];
  for (const port of ports) {
    const last = ranges.at(-1);
    if (last && continues(last, port)) ranges[ranges.length - 1] = { ...last, range: last.range + 1 };
    else ranges.push({ ...port, range: 1 });
  }
  return ranges;
}

/** `0.0.0.0:8080-8081->80-81/tcp, 443/tcp`: published ports, then those that are only exposed. */
export function portsText(ports: readonly PortMapping[], exposed: readonly string[]): string {
  const published = portRanges(ports).map(
    ({ hostIp, hostPort, containerPort, range, protocol }) =>
      `${hostIp || "0.0.0.0"}:${span(hostPort, range)}->${span(containerPort, range)}/${protocol}`,
  );
  const taken = new Set(ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`));
  return [...published, ...exposedText(exposed.filter((port) => !taken.has(port)))].join(", ");
}

function exposedText(ports: readonly string[]): string[] {
  const parsed = ports.map((port) => {
    const [number, protocol = "tcp"] = port.split("/");
    return { hostIp: "", hostPort: 0, containerPort: Number(number), protocol: protocol as "tcp" };
  });
  parsed.sort((a, b) =>
    a.protocol < b.protocol ? -1 : a.protocol > b.protocol ? 1 : a.containerPort - b.containerPort,
  );
  const ranges: { start: number; range: number; protocol: string }[] = [];
  for (const { containerPort, protocol } of parsed) {
    const last = ranges.at(-1);
    if (last && last.protocol === protocol && last.start + last.range === containerPort) last.range++;
    else ranges.push({ start: containerPort, range: 1, protocol });
  }
  return ranges.map(({ start, range, protocol }) => `${span(start, range)}/${protocol}`);
}

function continues(last: PortRange, next: PortMapping): boolean {
  return (
    last.hostIp === next.hostIp &&
    last.protocol === next.protocol &&
    last.hostPort + last.range === next.hostPort &&
    last.containerPort + last.range === next.containerPort
  );
}

function span(start: number, range: number): string {
  return range === 1 ? String(start) : `${start}-${start + range - 1}`;
}
