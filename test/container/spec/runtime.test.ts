import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findProgram } from "../../../src/system/process.ts";

// The real runtime as judge of our specs, in a user namespace with a single id: the one that every machine can make.
const runtime = findProgram("crun");

function whyNot(): string | undefined {
  if (runtime === undefined) return "no crun";
  if (!existsSync("/bin/busybox")) return "no static busybox";
  return spawnSync("unshare", ["-U", "-r", "-m", "-n", "true"]).status === 0 ? undefined : "no user namespaces";
}

const reason = whyNot();
describe.skipIf(reason !== undefined)(
  `specs in ${runtime}${reason === undefined ? "" : ` (skipped: ${reason})`}`,
  () => {
    let scratch: string;
    beforeEach(() => {
      scratch = mkdtempSync(`${tmpdir()}/dhow-spec-`);
      for (const folder of ["bin", "etc", "proc", "sys", "dev", "tmp", "run", "var/tmp"]) {
        mkdirSync(`${scratch}/rootfs/${folder}`, { recursive: true });
      }
      copyFileSync("/bin/busybox", `${scratch}/rootfs/bin/busybox`);
      for (const name of ["sh", "cat", "grep", "mount", "id", "touch", "ls"])
        symlinkSync("busybox", `${scratch}/rootfs/bin/${name}`);
      writeFileSync(`${scratch}/rootfs/etc/passwd`, "root:x:0:0:root:/root:/bin/sh\n");
      writeFileSync(`${scratch}/rootfs/kept`, "");
    });
    afterEach(() => rmSync(scratch, { recursive: true, force: true }));

    function run(flags: readonly string[], script: string): { code: number; stdout: string; stderr: string } {
      const program = fileURLToPath(new URL("run-spec.ts", import.meta.url));
      const argv = JSON.stringify([...flags, "image", "sh", "-c", script]);
      const unshare = ["-U", "-r", "-m", process.execPath, program, runtime ?? "", scratch, argv];
      return JSON.parse(execFileSync("unshare", unshare, { encoding: "utf8" }));
    }

    it("are accepted, and give podman's rights", () => {
      const { code, stdout, stderr } = run(
        [],
        "grep -E '^(Cap|Seccomp:|NoNew)' /proc/self/status; echo $HOME; id -u; ls /kept",
      );
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const fields = Object.fromEntries(stdout.split("\n").map((line) => line.split(":\t")));
      expect(fields).toMatchObject({
        CapInh: "0000000000000000",
        CapPrm: "00000000800405fb",
        CapEff: "00000000800405fb",
        CapBnd: "00000000800405fb",
        CapAmb: "0000000000000000",
        NoNewPrivs: "0",
        Seccomp: "2",
      });
      expect(stdout).toContain("/root\n0\n/kept\n");
    });

    it("can be loosened and tightened", () => {
      const flags = [
        "--security-opt",
        "seccomp=unconfined",
        "--security-opt",
        "no-new-privileges",
        "--cap-drop",
        "all",
      ];
      const { stdout } = run(flags, "grep -E '^(CapEff|Seccomp:|NoNew)' /proc/self/status");
      expect(stdout).toBe("CapEff:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t0\n");
      expect(run(["--privileged"], "cat /proc/keys >/dev/null && echo visible").stdout).toBe("visible\n");
    });

    it("hide what shall not be seen", () => {
      const { stdout } = run([], "cat /proc/keys; ls /sys/firmware; touch /proc/sys/kernel/x /sys/x; mount");
      expect(stdout).toMatch(/^proc on \/proc\/sys type proc \(ro,/m);
      expect(stdout).toMatch(/^sysfs on \/sys type sysfs \(ro,/m);
      expect(stdout).toMatch(/^\w+ on \/sys\/fs\/cgroup type cgroup2 \(ro,/m);
      expect(stdout).toMatch(/ on \/proc\/keys /);
    });

    it("make the root read-only but for temporary files", () => {
      const script = "touch /x 2>/dev/null || echo refused; touch /tmp/x /run/x /var/tmp/x /dev/shm/x && echo ok";
      expect(run(["--read-only"], script).stdout).toBe("refused\nok\n");
      expect(run(["--read-only", "--read-only-tmpfs=false"], "touch /tmp/x 2>/dev/null || echo refused").stdout).toBe(
        "refused\n",
      );
    });

    it("set limits, values of the kernel, umask and hostname", () => {
      const flags = ["--ulimit", "nofile=64:128", "--sysctl", "kernel.msgmax=1234", "--umask", "0077", "-h", "me"];
      const script = "ulimit -n; ulimit -Hn; cat /proc/sys/kernel/msgmax /proc/sys/kernel/hostname; umask";
      expect(run(flags, script).stdout).toBe("64\n128\n1234\nme\n0077\n");
    });

    it("mount what the user asks for", () => {
      const flags = [
        "--tmpfs",
        "/etc:size=1m",
        "-v",
        "/etc:/host:ro",
        "--mount",
        "type=tmpfs,dst=/new,tmpfs-mode=1700",
      ];
      const { stdout } = run(
        flags,
        "cat /etc/passwd; touch /host/x 2>/dev/null || echo refused; mount | grep -E ' /(etc|host|new) '",
      );
      expect(stdout).toMatch(/^root:x:0:0:root:\/root:\/bin\/sh\nrefused\n/);
      expect(stdout).toMatch(/ on \/etc type tmpfs \(rw,nosuid,nodev,relatime,size=1024k/);
      expect(stdout).toMatch(/ on \/host type \w+ \(ro,nosuid,nodev/);
      expect(stdout).toMatch(/ on \/new type tmpfs \(rw,nosuid,nodev,relatime,mode=1700/);
    });
  },
);
