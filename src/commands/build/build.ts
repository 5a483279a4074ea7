import { build as buildImage } from "../../build/build.ts";
import type { BuildFlags } from "../../build/flags/flags.ts";
import { openRequest } from "../../build/flags/request.ts";
import type { BuildEvent } from "../../build/progress.ts";
import type { BuildRequest } from "../../build/request.ts";
import { type CommandContext, defineCommand, type Invocation } from "../../cli/command.ts";
import { refusedBuildOptions } from "../../cli/options/build/unsupported.ts";
import { buildOptions } from "../../cli/options/build.ts";
import { describeStepFailure } from "./failure-view.ts";
import { interruption } from "./interruption.ts";
import { type OpenView, openView } from "./open-view.ts";
import { writeResultFiles } from "./result-files.ts";

type Given = Invocation<typeof buildOptions>;

export const build = defineCommand({
  usage: "[options] [CONTEXT]",
  summary: "Build an image from a Containerfile",
  description:
    "Builds an image from a Containerfile (or Dockerfile) and the files of a context: a directory, an archive, - for one on stdin, a git repository (https://HOST/REPO.git#REF:DIRECTORY), or the address of an archive or a Dockerfile. Stages that do not need one another are built at the same time, and what has not changed comes from the cache.",
  examples: [
    "dhow build -t myimage .",
    "dhow build -f build/Containerfile --target test --build-arg VERSION=1.2 .",
    "dhow build --platform linux/amd64,linux/arm64 -t registry.example.com/web --push .",
    "dhow build --output type=local,dest=out https://github.com/owner/project.git#main",
    "dhow build --check .",
  ],
  options: buildOptions,
  operands: { max: 1, complete: "files" },
  async run(given, context) {
    const { options } = given;
    const call = options.check ? "check" : options.call;
    using stop = interruption();
    using opened = await openRequest(context.engine, {
      flags: options as BuildFlags,
      changed: given.changed as (name: string) => boolean,
      refused: refusedBuildOptions,
      source: given.operands[0],
      signal: stop.signal,
    });
    // Awaited, so that what the build needs is there until it has ended.
    if (call === "build") return await buildAndShow(given, context, { request: opened.request, signal: stop.signal });
    const { showCheck, showTargets } = await import("./call.ts");
    return call === "check" ? showCheck(opened.request, context.out) : showTargets(opened.request, context.out);
  },
});

interface Work {
  readonly request: BuildRequest;
  readonly signal: AbortSignal;
}

async function buildAndShow(
  { options }: Given,
  { engine, out }: CommandContext,
  { request, signal }: Work,
): Promise<void> {
  const takesStdout = request.result.outputs.some((output) => "destination" in output && output.destination === "-");
  const view = openView({ ...options, takesStdout }, out);
  try {
    const result = await buildImage(engine, request, { onEvent: (event) => show(event, view), signal });
    view.end();
    writeResultFiles(options, result);
    if (result.imageId !== undefined && !takesStdout) out.line(result.imageId);
  } finally {
    view.end();
  }

  function show(event: BuildEvent, { onEvent, end, showsOutput }: OpenView): void {
    onEvent(event);
    if (event.type !== "step-failed") return;
    end();
    const isOneLine = options.progress === "rawjson";
    const lines = isOneLine ? [] : describeStepFailure(event.failure, request.dockerfile.text, !showsOutput);
    for (const line of lines) out.diagnostic(line);
  }
}
