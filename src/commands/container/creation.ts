import { unlinkSync, writeFileSync } from "node:fs";
import type { CommandContext, Invocation } from "../../cli/command.ts";
import { unsupportedOptions } from "../../cli/options/container/unsupported.ts";
import type { createOptions, runOptions } from "../../cli/options/container.ts";
import { callerFacts } from "../../container/caller-facts.ts";
import { buildContainerConfig } from "../../container/config/build.ts";
import { createContainer } from "../../container/create.ts";
import { removeContainer } from "../../container/remove.ts";
import type { ContainerRecord, ImageRecord } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { ensureImage } from "../../image/ensure-image.ts";
import { parsePullPolicy, readPullFlags } from "../../image/pull-flags.ts";
import { showPull } from "../pull-progress.ts";

type Given = Invocation<typeof createOptions> | Invocation<typeof runOptions>;

/** What `create` and `run` have in common: gets the image and records the container that the command line asks for. */
export async function createFromCommandLine(given: Given, context: CommandContext): Promise<ContainerRecord> {
  const { options, operands } = given;
  const { engine } = context;
  const [imageName = "", ...command] = operands;
  const cidFile = options.cidfile === undefined ? undefined : reserveIdFile(options.cidfile);
  try {
    const changed = (name: string) => (given.changed as (name: string) => boolean)(name);
    const image = await fetchImage(given, imageName, context);
    const config = buildContainerConfig({
      flags: options,
      changed,
      unsupported: Object.keys(unsupportedOptions),
      command,
      image: { id: image.id, name: nameOf(image, imageName), defaults: engine.images.config(image).config ?? {} },
      caller: callerFacts(engine),
      createCommand: ["dhow", ...process.argv.slice(2)],
    });
    if (options.replace) await replace(engine, options.name);
    const record = createContainer(engine, config, options.name);
    if (cidFile !== undefined) writeFileSync(cidFile, record.id);
    return record;
  } catch (error) {
    if (cidFile !== undefined) unlinkSync(cidFile);
    throw error;
  }
}

async function fetchImage(given: Given, name: string, { engine, out }: CommandContext): Promise<ImageRecord> {
  const { options } = given;
  const display = options.quiet ? undefined : showPull(out);
  try {
    return await ensureImage(engine, name, {
      ...readPullFlags(options, (given.changed as (name: string) => boolean)("tls-verify")),
      policy: parsePullPolicy(options.pull),
      onEvent: display?.onEvent,
    });
  } finally {
    display?.end();
  }
}

/** The image's full name if it was asked for by a name, else what was asked for. */
function nameOf({ names, id }: ImageRecord, asked: string): string {
  if (names.includes(asked)) return asked;
  const full = names.find(
    (name) => name.endsWith(`/${asked}`) || name.endsWith(`/${asked}:latest`) || name === `${asked}:latest`,
  );
  return full ?? (id.startsWith(asked) ? (names[0] ?? asked) : asked);
}

async function replace(engine: CommandContext["engine"], name: string | undefined): Promise<void> {
  if (name === undefined) {
    throw new DhowError("cannot replace container without --name being set", { kind: "invalid-argument" });
  }
  const old = engine.containers.find(name);
  if (old?.name === name) await removeContainer(engine, old.id, { force: true });
}

/** Nobody's id is overwritten: whoever made the file first has it. */
function reserveIdFile(path: string): string {
  try {
    writeFileSync(path, "", { flag: "wx", mode: 0o644 });
    return path;
  } catch (cause) {
    throw new DhowError(`cannot write container ID file ${path}`, {
      kind: "invalid-argument",
      cause,
      hint: "make sure that no other container uses it, and delete it",
    });
  }
}
