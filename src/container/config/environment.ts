import type { CallerFacts, ProcessFlags } from "./flags.ts";
import { cut, invalid, splitList } from "./values.ts";

/** What every container has unless its image or user says otherwise. Scripts test `container` for being set at all. */
const defaults = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  container: "dhow",
};

const proxyVariables = ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy"].flatMap((name) => [
  name,
  name.toUpperCase(),
]);

type Variables = Map<string, string>;

export type EnvironmentFlags = Pick<
  ProcessFlags,
  "env" | "env-file" | "env-host" | "env-merge" | "http-proxy" | "tty" | "unsetenv" | "unsetenv-all"
>;

/**
 * The container's environment as `NAME=value`, later sources winning: defaults, image, --env-host and proxies,
 * --env-file, --env.
 */
export function buildEnvironment(flags: EnvironmentFlags, imageEnv: readonly string[], caller: CallerFacts): string[] {
  const variables: Variables = flags["unsetenv-all"] ? new Map() : baseEnvironment(flags, imageEnv);
  if (flags["env-host"]) assignAll(variables, Object.entries(caller.environment));
  if (flags["http-proxy"]) assignProxies(variables, caller);
  for (const file of flags["env-file"]) assignFile(variables, file, caller);
  for (const entry of flags.env) assignEntry(variables, entry, { caller, context: "" });
  return Array.from(variables, ([name, value]) => `${name}=${value}`);
}

function baseEnvironment(flags: EnvironmentFlags, imageEnv: readonly string[]): Variables {
  const variables: Variables = new Map(Object.entries(defaults));
  if (flags.tty) variables.set("TERM", "xterm");
  for (const entry of imageEnv) {
    const [name, value] = cut(entry, "=");
    variables.set(name, value ?? "");
  }
  mergeImageVariables(variables, flags["env-merge"]);
  for (const name of splitList(flags.unsetenv)) variables.delete(name);
  return variables;
}

function mergeImageVariables(variables: Variables, merges: readonly string[]): void {
  const image = new Map(variables);
  for (const merge of merges) {
    const [name, value] = cut(merge, "=");
    if (name === "" || value === undefined)
      throw invalid(`invalid --env-merge value ${JSON.stringify(merge)}: must be NAME=VALUE`);
    const expanded = value.replace(
      /\$\{(\w+)\}|\$(\w+)/g,
      (_, braced?: string, bare?: string) => image.get(braced ?? bare ?? "") ?? "",
    );
    variables.set(name, expanded);
  }
}

function assignAll(variables: Variables, entries: Iterable<readonly [string, string]>): void {
  for (const [name, value] of entries) variables.set(name, value);
}

function assignProxies(variables: Variables, caller: CallerFacts): void {
  for (const name of proxyVariables) {
    const value = caller.environment[name];
    if (value) variables.set(name, value);
  }
}

function assignFile(variables: Variables, file: string, caller: CallerFacts): void {
  const path = absolutePath(file, caller.cwd);
  const context = `parsing file ${JSON.stringify(file)}: `;
  if (caller.pathKind(path) === "absent") throw invalid(`${context}open ${file}: no such file or directory`);
  for (const line of caller.readFile(path).split("\n")) {
    const entry = line.replace(/\r$/, "").replace(/^[ \t]+/, "");
    if (entry !== "" && !entry.startsWith("#")) assignEntry(variables, entry, { caller, context });
  }
}

/** `NAME=value` sets, `NAME` takes the caller's value if there is one, `PRE*` takes all of the caller's that begin so. */
function assignEntry(
  variables: Variables,
  entry: string,
  { caller, context }: { caller: CallerFacts; context: string },
): void {
  const [rawName, value] = cut(entry, "=");
  if (rawName === "") throw invalid(`${context}invalid variable: ${JSON.stringify(entry)}`);
  const name = rawName.replace(/^[ \t]+/, "");
  if (value !== undefined) {
    variables.set(name, value);
  } else if (name.endsWith("*")) {
    const prefix = name.slice(0, -1);
    assignAll(
      variables,
      Object.entries(caller.environment).filter(([other]) => other.startsWith(prefix)),
    );
  } else {
    const inherited = caller.environment[name];
    if (inherited !== undefined) variables.set(name, inherited);
  }
}

/** A path of the host as the user means it: relative ones from the caller's directory. */
export function absolutePath(path: string, cwd: string): string {
  return path.startsWith("/") ? path : `${cwd.replace(/\/$/, "")}/${path}`;
}
