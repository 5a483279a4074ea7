import type { ContainerConfig } from "../../model/container-config.ts";
import { absolutePath } from "./environment.ts";
import type { CallerFacts, IdentityFlags } from "./flags.ts";
import { cut, invalid, parseHumanSize, splitList, unsupported } from "./values.ts";

export type MetadataPart = Pick<
  ContainerConfig,
  "labels" | "annotations" | "requires" | "autoRemove" | "restart" | "log" | "detachKeys" | "pidFile" | "conmonPidFile"
>;

/** What is written about the container and what becomes of it at its end. */
export function buildMetadata(
  flags: IdentityFlags,
  imageLabels: Readonly<Record<string, string>>,
  caller: CallerFacts,
): MetadataPart {
  const restart = chooseRestart(flags, caller);
  if (flags.rm && restart.policy !== "no" && restart.policy !== "on-failure") {
    throw invalid(`the --rm option conflicts with --restart, when the restartPolicy is not "" and "no"`);
  }
  const file = (path: string | undefined) => (path === undefined ? undefined : absolutePath(path, caller.cwd));
  return {
    labels: { ...imageLabels, ...readLabels(flags, caller) },
    annotations: readAnnotations(flags.annotation),
    ...(flags.requires.length > 0 ? { requires: splitList(flags.requires).map(caller.resolveContainer) } : {}),
    autoRemove: flags.rm,
    restart,
    log: readLog(flags, caller),
    detachKeys: checkDetachKeys(flags["detach-keys"]),
    pidFile: file(flags.pidfile),
    conmonPidFile: file(flags["conmon-pidfile"]),
  };
}

function readLabels(flags: IdentityFlags, caller: CallerFacts): Record<string, string> {
  const labels: Record<string, string> = {};
  const add = (entry: string) => {
    const [name, value] = cut(entry, "=");
    if (name === "") throw invalid(`invalid label format: ${JSON.stringify(entry)}`);
    labels[name] = value ?? "";
  };
  for (const file of flags["label-file"]) {
    for (const line of readLabelFile(file, caller).split("\n")) {
      const entry = line.replace(/\r$/, "").trimStart();
      if (entry !== "" && !entry.startsWith("#")) add(entry);
    }
  }
  flags.label.forEach(add);
  return labels;
}

function readLabelFile(file: string, caller: CallerFacts): string {
  const path = absolutePath(file, caller.cwd);
  if (caller.pathKind(path) === "absent") {
    throw invalid(`unable to process labels: open ${file}: no such file or directory`);
  }
  return caller.readFile(path);
}

function readAnnotations(entries: readonly string[]): Record<string, string> {
  const annotations: Record<string, string> = {};
  for (const entry of splitList(entries)) {
    const [name, value] = cut(entry, "=");
    if (value === undefined || name === "") throw invalid("annotations must be formatted KEY=VALUE");
    annotations[name] = value;
  }
  return annotations;
}

type Restart = ContainerConfig["restart"];

/** Without one of its own, a container has its pod's; init containers have none. */
function chooseRestart(flags: IdentityFlags, { pod }: CallerFacts): Restart {
  const isTaken = pod !== undefined && flags.restart === undefined && flags["init-ctr"] === undefined;
  return isTaken ? pod.config.restart : parseRestart(flags.restart);
}

/** @throws {DhowError} `invalid-argument` with podman's words. */
export function parseRestart(text = "no"): Restart {
  const [policy, retries] = cut(text, ":");
  switch (policy) {
    case "on-failure":
      return { policy, maxRetries: retries === undefined ? 0 : parseRetries(retries) };
    case "":
    case "no":
    case "never":
    case "always":
    case "unless-stopped":
      if (retries !== undefined) {
        throw invalid("restart policy retries can only be specified with on-failure restart policy");
      }
      return { policy: policy === "always" || policy === "unless-stopped" ? policy : "no", maxRetries: 0 };
    default:
      throw invalid(`${JSON.stringify(text)} is not a valid restart policy`);
  }
}

function parseRetries(text: string): number {
  if (!/^\d+$/.test(text))
    throw invalid(`invalid restart policy retries ${JSON.stringify(text)}: must be a whole number`);
  return Number(text);
}

function readLog(flags: IdentityFlags, caller: CallerFacts): ContainerConfig["log"] {
  const values = { driver: flags["log-driver"], path: "", "max-size": "", tag: "" };
  for (const option of splitList(flags["log-opt"])) {
    const [key, value] = cut(option, "=");
    if (value === undefined) throw invalid(`invalid log option ${JSON.stringify(option)}`);
    if (!isLogKey(key)) {
      throw unsupported(`--log-opt ${key} is not supported yet`, "known are path=, max-size= and tag=");
    }
    values[key] = value;
  }
  const driver = parseLogDriver(values.driver, caller);
  checkLogOptions(driver, values);
  return {
    driver,
    path: values.path === "" ? undefined : absolutePath(values.path, caller.cwd),
    maxSizeBytes: values["max-size"] === "" ? undefined : parseHumanSize(values["max-size"]),
    ...(values.tag === "" ? {} : { tag: values.tag }),
  };
}

function isLogKey(key: string): key is "driver" | "path" | "max-size" | "tag" {
  return key === "driver" || key === "path" || key === "max-size" || key === "tag";
}

/** What a log driver cannot honour is refused. */
function checkLogOptions(
  driver: ContainerConfig["log"]["driver"],
  values: Readonly<Record<"path" | "max-size" | "tag", string>>,
): void {
  const isFile = driver === "k8s-file" || driver === "json-file";
  for (const key of ["path", "max-size"] as const) {
    if (values[key] !== "" && !isFile) throw invalid(`--log-opt ${key} means nothing to log driver ${driver}`);
  }
  if (values.tag !== "" && driver !== "journald") {
    throw invalid(
      `--log-opt tag means nothing to log driver ${driver}`,
      "tags are for the entries of --log-driver journald",
    );
  }
}

function parseLogDriver(name: string, { hasJournal }: CallerFacts): ContainerConfig["log"]["driver"] {
  switch (name) {
    case "":
      return "k8s-file";
    case "k8s-file":
    case "json-file":
    case "none":
    case "passthrough":
      return name;
    case "journald":
      if (hasJournal()) return name;
      throw unsupported(
        "log driver journald needs systemd's journal, which does not run on this machine",
        "use --log-driver k8s-file",
      );
    case "passthrough-tty":
      throw unsupported(
        `log driver ${JSON.stringify(name)} is not supported yet`,
        "use --log-driver k8s-file, none or passthrough",
      );
    default:
      throw invalid(
        "running container create option: invalid log driver: invalid argument",
        `${JSON.stringify(name)} is none: use k8s-file, json-file, journald, none or passthrough`,
      );
  }
}

/** Single characters or ctrl-X, separated by commas; "" turns detaching off. */
function checkDetachKeys(text: string): string {
  if (text === "") return text;
  for (const key of text.split(",")) {
    if (!/^(?:[a-zA-Z]|ctrl-[a-zA-Z@^[\\\]_])$/.test(key))
      throw invalid(`invalid detach keys: unknown character: '${key}'`);
  }
  return text;
}
