import { defineCommand } from "../../cli/command.ts";
import { removeContainer } from "../../container/remove.ts";
import { runHostCommand, withOwnEngine } from "../../container/run-label.ts";
import { ensureImage } from "../../image/ensure-image.ts";
import { readPullFlags } from "../../image/pull-flags.ts";
import { labelCommand } from "../../image/run-label.ts";

/** The value of --name among the words of a command; "" for none. */
function nameIn(words: readonly string[]): string {
  const at = words.indexOf("--name");
  const joined = words.find((word) => word.startsWith("--name="));
  return joined?.slice("--name=".length) ?? (at < 0 ? "" : (words[at + 1] ?? ""));
}

export const runlabel = defineCommand({
  usage: "[options] LABEL IMAGE [ARG...]",
  summary: "Execute the command described by an image label",
  description:
    "Executes a command as described by a container image label. Use it with images that you trust: the command runs on this machine.",
  examples: ["dhow container runlabel run imageID", "dhow container runlabel --display install imageID arg1"],
  options: {
    authfile: { type: "string", describe: "Path of the authentication file", complete: "files" },
    "cert-dir": { type: "string", describe: "Path to a directory containing TLS certificates", complete: "files" },
    creds: { type: "string", describe: "Credentials (USERNAME[:PASSWORD]) to use for a registry" },
    display: { type: "boolean", describe: "Preview the command that the label would run" },
    name: { type: "string", short: "n", describe: "Assign a name to the container" },
    quiet: { type: "boolean", short: "q", describe: "Suppress output information when installing images" },
    replace: { type: "boolean", describe: "Replace existing container with a new one from the image" },
    "tls-verify": { type: "boolean", default: true, describe: "Require HTTPS and verify certificates" },
  },
  operands: { min: 2, interspersed: false, complete: "images" },
  async run({ options, operands: [label = "", imageName = "", ...args], changed }, { engine, out }) {
    const none = { platform: undefined, arch: undefined, os: undefined, variant: undefined };
    const flags = readPullFlags(
      { ...none, retry: undefined, "retry-delay": undefined, ...options },
      changed("tls-verify"),
    );
    const image = await ensureImage(engine, imageName, { ...flags, policy: "missing" });
    const { name } = options;
    const command = labelCommand(engine, { label, imageName, image, args, name, cwd: process.cwd() });
    if (options.display) {
      out.line(`command: ${command.join(" ")}`);
      return 0;
    }
    if (!options.quiet) out.diagnostic(`command: ${command.join(" ")}`);
    if (options.replace) {
      const old = engine.containers.find(name ?? nameIn(command));
      if (old) await removeContainer(engine, old.id, { force: true });
    }
    return runHostCommand(withOwnEngine(command), { IMAGE: imageName, NAME: name ?? "" });
  },
});
