// Run by plan.test.ts inside of a user and mount namespace: makes a network, looks at it from within, gives it back.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import type { NetworkConfig } from "../../src/model/container-config.ts";
import { planNetwork } from "../../src/network/plan.ts";
import { releaseNetwork } from "../../src/network/release.ts";
import { shellQuote } from "../../src/system/process.ts";

const [runDirectory = "", text = ""] = process.argv.slice(2);
const config = JSON.parse(text) as NetworkConfig;
const plan = planNetwork({ containerId: "0".repeat(64), config, runDirectory });
const commands = [...plan.commands, ...(plan.connect ? [plan.connect] : [])];
const made = spawnSync("sh", ["-ec", commands.map(shellQuote).join("\n")], { encoding: "utf8" });
if (made.status !== 0) {
  process.stdout.write(JSON.stringify({ failure: plan.explain(made.stderr).message }));
  releaseNetwork(plan.state);
  process.exit();
}
await plan.publish?.();
const netns = `${runDirectory}/netns`;
const pid = Number(readFileSync(`${runDirectory}/network.pid`, "utf8"));

/** A server in the namespace, asked once from outside through each published port; and the namespace's own view. */
const server = `
const http = require("node:http");
http.createServer((_, response) => response.end("from inside")).listen(80, "0.0.0.0", () => console.log("ready"));
setTimeout(() => process.exit(), 20000);
`;
const inside = spawnSync("nsenter", [`--net=${netns}`, "ip", "-4", "-o", "address"], { encoding: "utf8" });
const answers: string[] = [];
if (config.ports.length > 0) {
  const { spawn } = await import("node:child_process");
  const child = spawn("nsenter", [`--net=${netns}`, process.execPath, "-e", server], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  for (const { hostPort } of config.ports) answers.push(await (await fetch(`http://127.0.0.1:${hostPort}`)).text());
  child.kill();
}
releaseNetwork(JSON.parse(JSON.stringify(plan.state)));
releaseNetwork(plan.state);
const gone = () => !existsSync(`/proc/${pid}`) || /^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
for (let tries = 0; tries < 200 && !gone(); tries++) execFileSync("sleep", ["0.02"]);
const mounts = readFileSync("/proc/self/mountinfo", "latin1").includes(netns);
process.stdout.write(
  JSON.stringify({
    addresses: inside.stdout.match(/inet [\d.]+/g),
    answers,
    left: { helper: !gone(), mounts, file: existsSync(netns) },
    resolvConf: plan.resolvConf,
  }),
);
