import { describe, expect, it } from "vitest";
import { type CommandTree, defineCommand } from "../../src/cli/command.ts";
import { type CompletionSource, complete } from "../../src/cli/complete.ts";

const run = defineCommand({
  usage: "[options] IMAGE [COMMAND [ARG...]]",
  summary: "Run",
  options: {
    name: { type: "string", describe: "A name" },
    network: { type: "string", aliases: ["net"], choices: ["none", "host", "pasta"], describe: "A network" },
    interactive: { type: "boolean", short: "i", describe: "Keep stdin open" },
    volume: { type: "string", short: "v", array: true, complete: "files", describe: "A mount" },
    secret: { type: "string", hidden: true, describe: "" },
  },
  operands: { min: 1, interspersed: false, complete: "images" },
  run: () => 0,
});

const stop = defineCommand({
  usage: "CONTAINER",
  summary: "Stop",
  options: { time: { type: "number", short: "t", describe: "Seconds" } },
  operands: { max: 1, complete: "running-containers" },
  run: () => 0,
});

const commands: CommandTree = {
  run: { summary: "Run", load: async () => run },
  stop: { summary: "Stop", load: async () => stop },
  container: { summary: "Manage containers", commands: { stop: { summary: "Stop", load: async () => stop } } },
  cleanup: { summary: "Clean up", hidden: true, load: async () => stop },
};

const source: CompletionSource = {
  commands,
  listNames: async (kind, { root }) => [
    `${kind}-a`,
    `${kind}-b`,
    ...(root === undefined ? [] : [`${kind}-in-${root}`]),
  ],
};

async function texts(...words: string[]): Promise<string[]> {
  const { candidates, files } = await complete(source, words);
  return [...candidates.map(({ text }) => text), ...(files ? [":files"] : [])];
}

describe("complete()", () => {
  it.each([
    ["commands", [""], ["container", "run", "stop"]],
    ["commands that start so", ["st"], ["stop"]],
    ["commands of a group", ["container", ""], ["stop"]],
    ["nothing for an unknown command", ["nosuch", ""], []],
    ["global flags before the command", ["--log"], ["--log-level"]],
    ["flags, without hidden ones", ["run", "--"], ["--interactive", "--name", "--network", "--volume", "--help"]],
    ["values behind a flag", ["run", "--network", "h"], ["host"]],
    ["values in a word with its flag", ["run", "--network=p"], ["--network=pasta"]],
    ["values behind an alias", ["run", "--net", ""], ["none", "host", "pasta"]],
    ["files for a short flag in a cluster", ["run", "-iv", ""], [":files"]],
    ["images behind a cluster that has its value", ["run", "-iv/a:/b", ""], ["images-a", "images-b"]],
    ["nothing for a free text", ["run", "--name", ""], []],
    ["files behind the image", ["run", "--network", "host", "alpine", "ls", "-"], [":files"]],
    ["running containers", ["stop", "-t", "3", "running-containers-b"], ["running-containers-b"]],
    ["nothing behind the last operand", ["stop", "web", ""], []],
    ["operands behind --", ["stop", "--", ""], ["running-containers-a", "running-containers-b"]],
  ])("offers %s", async (_, words, expected) => {
    expect(await texts(...words)).toEqual(expected);
  });

  it("reads names where --root points, before or behind the command", async () => {
    expect(await texts("--root", "/r", "stop", "")).toContain("running-containers-in-/r");
    expect(await texts("stop", "--root", "/r", "")).toContain("running-containers-in-/r");
  });
});
