import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NetworkConfig } from "../../src/model/container-config.ts";
import { planNetwork } from "../../src/network/plan.ts";
import { pickFreePort } from "../../src/network/ports.ts";
import { releaseNetwork } from "../../src/network/release.ts";
import { findProgram } from "../../src/system/process.ts";

const plain: NetworkConfig = {
  mode: "none",
  options: [],
  ports: [],
  dnsServers: [],
  dnsSearch: [],
  dnsOptions: [],
  extraHosts: [],
  noHosts: false,
  noHostname: false,
};
const request = { containerId: "x", runDirectory: "/nowhere" };
const names = { hostname: "me", aliases: ["alias"] };

describe("planNetwork() without a helper", () => {
  it("none: a namespace of its own, nothing to do", () => {
    const plan = planNetwork({ ...request, config: plain });
    expect(plan).toMatchObject({ namespace: { kind: "new" }, commands: [], connect: undefined, state: undefined });
    expect(plan.hosts(names)).toContain("127.0.0.1\tme alias\n");
    expect(plan.resolvConf).toBe("");
  });
  it("host: the host's namespace", () => {
    expect(planNetwork({ ...request, config: { ...plain, mode: "host" } }).namespace).toEqual({ kind: "host" });
  });
  it("container: the other's namespace, which may be the host's", () => {
    const config: NetworkConfig = { ...plain, mode: "container", containerId: "y" };
    const join = { path: "/proc/7/ns/net", mode: "pasta" } as const;
    expect(planNetwork({ ...request, config, join }).namespace).toEqual({ kind: "path", path: "/proc/7/ns/net" });
    expect(planNetwork({ ...request, config, join: { ...join, mode: "host" } }).namespace).toEqual({ kind: "host" });
  });
  it("leaves the image's hosts with --no-hosts", () => {
    expect(planNetwork({ ...request, config: { ...plain, noHosts: true } }).hosts(names)).toBeUndefined();
  });
});

it("releaseNetwork() does not mind what is not there, and ends nobody else's process", () => {
  const victim = process.pid;
  expect(() => releaseNetwork(undefined)).not.toThrow();
  const scratch = mkdtempSync(`${tmpdir()}/dhow-network-`);
  execFileSync("sh", ["-c", 'echo "$1" >"$2"', "sh", String(victim), `${scratch}/pid`]);
  releaseNetwork({ kind: "pasta", netns: `${scratch}/netns`, pidFile: `${scratch}/pid` });
  expect(process.kill(victim, 0)).toBe(true);
  rmSync(scratch, { recursive: true });
});

function whyNot(): string | undefined {
  try {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
  } catch {
    return "/dev/net/tun is not accessible";
  }
  if (spawnSync("unshare", ["-U", "-r", "-m", "-n", "true"]).status !== 0) return "no user namespaces";
  return ["pasta", "slirp4netns", "ip"].find((name) => findProgram(name) === undefined);
}

const reason = whyNot();
describe.skipIf(reason !== undefined)(`real networks${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
  let runDirectory: string;
  beforeEach(() => {
    runDirectory = mkdtempSync(`${tmpdir()}/dhow-network-`);
  });
  afterEach(() => rmSync(runDirectory, { recursive: true, force: true }));

  function tryOut(config: NetworkConfig) {
    const script = fileURLToPath(new URL("network-inside.ts", import.meta.url));
    const argv = ["-U", "-r", "-m", process.execPath, script, runDirectory, JSON.stringify(config)];
    return JSON.parse(execFileSync("unshare", argv, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }));
  }

  it.each(["pasta", "slirp4netns"] as const)("%s connects, publishes ports and leaves nothing behind", (mode) => {
    const hostPort = pickFreePort("tcp", new Set());
    const ports = [{ hostIp: "127.0.0.1", hostPort, containerPort: 80, protocol: "tcp" as const }];
    expect(tryOut({ ...plain, mode, ports })).toMatchObject({
      addresses: ["inet 127.0.0.1", "inet 10.0.2.100"],
      answers: ["from inside"],
      left: { helper: false, mounts: false, file: false },
    });
  });

  it("pasta's refusal of a taken port is told in plain words", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const ports = [{ hostIp: "127.0.0.1", hostPort: port, containerPort: 80, protocol: "tcp" as const }];
    expect(tryOut({ ...plain, mode: "pasta", ports }).failure).toBe(
      `cannot publish port ${port}: listen tcp 127.0.0.1:${port}: bind: address already in use`,
    );
    server.close();
  });
});
