import { defineCommand } from "../cli/command.ts";
import { type CompletedShell, completionScripts, saveScript } from "../cli/completion-scripts.ts";
import { DhowError } from "../errors.ts";

const shells = Object.keys(completionScripts);

export const completion = defineCommand({
  usage: "[options] {bash|zsh|fish}",
  summary: "Print a completion script for a shell",
  description: "Prints a script that makes the shell complete commands, flags, and names of containers and images.",
  examples: [
    "source <(dhow completion bash)",
    "dhow completion bash >~/.local/share/bash-completion/completions/dhow",
    "dhow completion zsh >~/.zfunc/_dhow",
    "dhow completion fish >~/.config/fish/completions/dhow.fish",
  ],
  options: {
    file: { type: "string", short: "f", describe: "Write the script to a file instead of stdout", complete: "files" },
  },
  operands: { min: 1, max: 1, choices: shells },
  needsNamespace: false,
  run({ operands: [shell = ""], options }, { out }) {
    if (!shells.includes(shell)) {
      throw new DhowError(`no completion for the shell "${shell}"`, {
        kind: "invalid-argument",
        hint: `choose one of ${shells.join(", ")}`,
      });
    }
    const script = completionScripts[shell as CompletedShell];
    if (options.file === undefined) return out.write(script);
    saveScript(options.file, script);
  },
});
