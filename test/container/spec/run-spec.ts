// Run by runtime.test.ts inside of a user and mount namespace: makes a bundle from flags and lets a runtime run it.

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { generateSpec, serializeSpec } from "../../../src/container/spec/generate.ts";
import { readHostFacts } from "../../../src/container/spec/host-facts.ts";
import { resolveUser } from "../../../src/container/spec/user.ts";
import { noCdiEdits } from "../../../src/oci/cdi.ts";
import { configOf } from "../config/command-line.ts";

const [runtime = "", scratch = "", text = ""] = process.argv.slice(2);
const argv = JSON.parse(text) as string[];
const config = configOf(argv);
const rootfsPath = `${scratch}/rootfs`;
const spec = generateSpec({
  containerId: "0123456789abcdef".repeat(4),
  config,
  rootfsPath,
  user: resolveUser(rootfsPath, config.user, config.groupAdd),
  network: { kind: "new" },
  joined: {},
  sharedMemory: undefined,
  deviceEdits: noCdiEdits,
  limits: undefined,
  mountSources: new Map(),
  mountedFiles: new Set(),
  secrets: { mounts: [], env: [] },
  userDatabase: { passwd: undefined, group: undefined },
  files: {
    hosts: undefined,
    resolvConf: undefined,
    hostname: undefined,
    containerenv: undefined,
    localtime: undefined,
  },
  initBinary: undefined,
  seccompProfile: undefined,
  cgroupsPath: undefined,
  hostDevices: [],
  host: readHostFacts(),
});
const bundle = `${scratch}/bundle`;
mkdirSync(bundle, { recursive: true });
writeFileSync(`${bundle}/config.json`, serializeSpec(spec));
// crun 1.8 refuses machines that have cgroup v1 and v2: show it v2 alone.
spawnSync("sh", ["-c", "mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup 2>/dev/null"]);
const managed = runtime.endsWith("crun") ? ["--cgroup-manager=disabled"] : [];
const ran = spawnSync(runtime, [...managed, "--root", `${scratch}/state`, "run", "--bundle", bundle, "test"], {
  encoding: "utf8",
  stdio: ["ignore", "pipe", "pipe"],
});
process.stdout.write(JSON.stringify({ code: ran.status, stdout: ran.stdout, stderr: ran.stderr }));
