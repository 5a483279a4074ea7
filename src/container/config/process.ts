import type { ContainerConfig } from "../../model/container-config.ts";
import type { ContainerDefaults } from "../../oci/image.ts";
import { parseSignal } from "../../oci/signal.ts";
import { absolutePath, buildEnvironment } from "./environment.ts";
import type { CallerFacts, ProcessFlags } from "./flags.ts";
import { invalid, splitList } from "./values.ts";

export type ProcessPart = Pick<
  ContainerConfig,
  | "argv"
  | "entrypoint"
  | "command"
  | "env"
  | "user"
  | "groupAdd"
  | "workdir"
  | "workdirMustExist"
  | "personality"
  | "umask"
  | "timezone"
  | "terminal"
  | "stdin"
  | "init"
  | "initPath"
  | "stopSignal"
  | "stopTimeoutSeconds"
  | "timeoutSeconds"
>;

export interface ProcessRequest {
  readonly flags: ProcessFlags;
  /** Behind the image on the command line. */
  readonly command: readonly string[];
  readonly image: ContainerDefaults;
  readonly caller: CallerFacts;
}

/** What runs in the container. */
export function buildProcess({ flags, command, image, caller }: ProcessRequest): ProcessPart {
  const { entrypoint, finalCommand } = chooseCommand(flags.entrypoint, command, image);
  return {
    argv: [...entrypoint, ...finalCommand],
    entrypoint,
    command: finalCommand,
    env: buildEnvironment(flags, image.Env ?? [], caller),
    user: flags.user ?? image.User ?? "",
    groupAdd: checkGroups(splitList(flags["group-add"])),
    workdir: checkWorkdir(flags.workdir ?? (image.WorkingDir || "/")),
    ...(flags.workdir && flags.workdir !== image.WorkingDir ? { workdirMustExist: true } : {}),
    ...readPersonality(flags),
    umask: checkUmask(flags.umask),
    timezone: checkZone(flags.tz, caller),
    terminal: flags.tty,
    stdin: flags.interactive,
    init: flags.init || flags["init-path"] !== undefined,
    initPath: flags["init-path"] === undefined ? undefined : absolutePath(flags["init-path"], caller.cwd),
    stopSignal: parseSignal(flags["stop-signal"] ?? image.StopSignal ?? "SIGTERM").name,
    stopTimeoutSeconds: checkSeconds("stop-timeout", flags["stop-timeout"]),
    timeoutSeconds: checkSeconds("timeout", flags.timeout),
  };
}

/** The user's entrypoint also drops the image's command; `[]` drops the image's entrypoint only. */
function chooseCommand(given: string | undefined, command: readonly string[], image: ContainerDefaults) {
  const words = given === undefined ? (image.Entrypoint ?? []) : parseEntrypoint(given);
  const keepsImageCommand = given === undefined || words.length === 0;
  const entrypoint = words.length === 1 && words[0] === "" ? [] : [...words];
  const finalCommand = command.length > 0 ? [...command] : keepsImageCommand ? [...(image.Cmd ?? [])] : [];
  if (entrypoint.length + finalCommand.length === 0) {
    throw invalid("no command or entrypoint provided, and no CMD or ENTRYPOINT from image");
  }
  return { entrypoint, finalCommand };
}

/** A JSON array of words, else one word. */
function parseEntrypoint(text: string): string[] {
  if (!text.trimStart().startsWith("[")) return [text];
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed) && parsed.every((word) => typeof word === "string")) return parsed;
  } catch {
    // Not JSON: a program whose name begins with a bracket, as podman takes it.
  }
  return [text];
}

function checkGroups(groups: string[]): string[] {
  if (groups.includes("keep-groups")) {
    if (groups.length > 1)
      throw invalid("the '--group-add keep-groups' option is not allowed with any other --group-add options");
  }
  return groups;
}

function checkWorkdir(path: string): string {
  if (!path.startsWith("/"))
    throw invalid(`the working directory '${path}' is invalid, it needs to be an absolute path`);
  return path;
}

function checkZone(name: string | undefined, caller: CallerFacts): string | undefined {
  if (!name || name === "local") return name || undefined;
  const outside = name.startsWith("/") || name.split("/").includes("..");
  if (outside || caller.pathKind(zonePath(name)) !== "file") {
    throw invalid(
      `finding timezone: unknown time zone ${name}`,
      "the host knows those below /usr/share/zoneinfo (package tzdata)",
    );
  }
  return name;
}

/** The host's file of a time zone. */
export function zonePath(name: string): string {
  return `/usr/share/zoneinfo/${name}`;
}

function readPersonality({ personality }: ProcessFlags): Pick<ProcessPart, "personality"> {
  return personality === "LINUX" || personality === "LINUX32" ? { personality } : {};
}

function checkUmask(text: string): string {
  if (!/^[0-7]{1,4}$/.test(text)) throw invalid(`invalid umask string ${text}: invalid argument`);
  return text.padStart(4, "0");
}

function checkSeconds(flag: string, value: number): number {
  if (!Number.isInteger(value) || value < 0) {
    throw invalid(`invalid argument "${value}" for "--${flag}" flag: must be a whole number of seconds`);
  }
  return value;
}
