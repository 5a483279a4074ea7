import { statSync } from "node:fs";
import { cut, invalid, splitList, unsupported } from "../../container/config/values.ts";
import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { parsePullPolicy } from "../../image/pull-flags.ts";
import { readRegistryFlags } from "../../image/registry-flags.ts";
import type { Platform } from "../../oci/image.ts";
import { formatPlatform, hostPlatform, parsePlatform } from "../../oci/platform.ts";
import { getVariable } from "../../system/environment.ts";
import { openInput, openNamedContext } from "../context/open-input.ts";
import type { BaseImages, BuildRequest, NamedContext } from "../request.ts";
import { readCaching } from "./caching.ts";
import type { Changed, StepFlags } from "./flags.ts";
import { readMetadata } from "./metadata.ts";
import { readResult } from "./result.ts";
import { readSteps } from "./steps.ts";
import { readVariables } from "./variables.ts";

export interface BuildCommandLine {
  readonly flags: StepFlags;
  readonly changed: (name: string) => boolean;
  /** Flags that are known and refused, with the reason. */
  readonly refused: Readonly<Record<string, { readonly describe: string }>>;
  /** The operand: the context. */
  readonly source: string | undefined;
  readonly signal: AbortSignal;
}

/** A request with the folders that it needs, which are removed when it is disposed of. */
export interface OpenRequest extends Disposable {
  readonly request: BuildRequest;
}

/**
 * Reads what a command line asks to be built, and opens its contexts.
 * @throws {DhowError} `invalid-argument`, `unsupported` or `not-found`, in one sentence that names the flag.
 */
export async function openRequest(engine: Engine, line: BuildCommandLine): Promise<OpenRequest> {
  const { flags, source, signal } = line;
  const changed = line.changed as Changed;
  refuse(line);
  const variables = readVariables(flags);
  const settings = {
    ...{ target: flags.target || undefined, platforms: readPlatforms(flags), variables },
    ...{
      metadata: readMetadata(flags, variables.args),
      caching: readCaching(flags),
      base: readBase(flags, line.changed),
    },
    ...{ result: readResult(flags, changed, getVariable("BUILDAH_LAYERS")), steps: readSteps(flags, changed) },
  };
  const stack = new DisposableStack();
  try {
    const named = await openNamedContexts(engine, flags["build-context"], { stack, signal });
    const input = await openInput(engine, {
      ...{ source, files: flags.file, ignoreFile: flags.ignorefile || undefined, cppFlags: flags["cpp-flag"], signal },
    });
    stack.use(input);
    const { dockerfile, context } = input;
    return {
      request: { dockerfile, context, namedContexts: named, ...settings },
      [Symbol.dispose]: () => stack.dispose(),
    };
  } catch (error) {
    stack.dispose();
    throw error;
  }
}

function refuse({ refused, changed }: BuildCommandLine): void {
  for (const [name, { describe }] of Object.entries(refused)) {
    if (changed(name)) throw unsupported(`--${name} is not supported: ${describe}`);
  }
}

interface Opening {
  readonly stack: DisposableStack;
  readonly signal: AbortSignal;
}

async function openNamedContexts(
  engine: Engine,
  texts: readonly string[],
  { stack, signal }: Opening,
): Promise<Map<string, NamedContext>> {
  const contexts = new Map<string, NamedContext>();
  for (const text of texts) {
    const [name, source] = cut(text, "=");
    if (name === "" || !source)
      throw invalid(`invalid --build-context ${JSON.stringify(text)}`, "write it as NAME=SOURCE");
    contexts.set(name.toLowerCase(), await openNamed(engine, source, { stack, signal }));
  }
  return contexts;
}

async function openNamed(engine: Engine, source: string, { stack, signal }: Opening): Promise<NamedContext> {
  const [, scheme, rest = ""] =
    /^(docker-image|container-image|oci-layout|target|docker):(?:\/\/)?(.*)$/s.exec(source) ?? [];
  switch (scheme) {
    case "docker-image":
    case "container-image":
    case "docker":
      return { kind: "image", name: rest };
    case "oci-layout":
      return { kind: "image", name: `oci:${rest}` };
    case "target":
      throw unsupported("--build-context: target: is for files of docker buildx bake");
    default: {
      if (/^(oci|oci-archive|docker-archive|dir):/.test(source)) return { kind: "image", name: source };
      const { tree } = stack.use(await openNamedContext(engine, source, signal));
      return { kind: "directory", tree };
    }
  }
}

/** @throws {DhowError} `invalid-argument`. */
function readPlatforms(flags: StepFlags): Platform[] {
  const named = splitList(flags.platform).filter((text) => text !== "");
  const architectures = splitList(flags.arch).filter((text) => text !== "");
  const { os, variant } = flags;
  if (named.length > 0) {
    if (architectures.length > 0 || os) {
      throw invalid("--platform option can not be specified with --arch or --os");
    }
    return [...new Set(named)].map((text) => parsePlatform(text));
  }
  if (architectures.length === 0 && !os && !variant) return [];
  const host = hostPlatform();
  const wanted = architectures.length > 0 ? architectures : [host.architecture];
  return wanted.map((architecture) =>
    parsePlatform(formatPlatform({ os: os || host.os, architecture, ...(variant ? { variant } : {}) })),
  );
}

function readBase(flags: StepFlags, changed: (name: string) => boolean): BaseImages {
  const { authfile } = flags;
  if (authfile && !statSync(authfile, { throwIfNoEntry: false })) {
    throw new DhowError(`credential file is not accessible: ${authfile}: no such file or directory`, {
      kind: "not-found",
    });
  }
  const given = ["pull", "pull-always", "pull-never"].filter(changed);
  if (given.length > 1) throw invalid("can only set one of 'pull' or 'pull-always' or 'pull-never'");
  return {
    pullPolicy: pullPolicyOf(flags),
    registry: readRegistryFlags(flags, changed("tls-verify")),
    first: flags.from || undefined,
  };
}

/** Docker's `--pull=false` leaves it at pulling what is missing. */
function pullPolicyOf(flags: StepFlags): BaseImages["pullPolicy"] {
  if (flags["pull-always"]) return "always";
  if (flags["pull-never"]) return "never";
  return flags.pull.toLowerCase() === "false" ? "missing" : parsePullPolicy(flags.pull);
}
