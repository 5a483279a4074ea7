import { readFileSync } from "node:fs";
import { cut, invalid } from "../../container/config/values.ts";
import { DhowError } from "../../errors.ts";
import { childEnvironment } from "../../system/environment.ts";
import type { BuildVariables } from "../request.ts";
import type { BuildFlags } from "./flags.ts";

const proxyNames = ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"];

/** @throws {DhowError} `invalid-argument`, `not-found` for a file that is not there. */
export function readVariables(flags: BuildFlags): BuildVariables {
  const caller = childEnvironment();
  const args: Record<string, string> = {};
  for (const file of flags["build-arg-file"]) {
    for (const line of readLines(file)) setArgument(args, line, caller);
  }
  for (const word of flags["build-arg"]) setArgument(args, word, caller);
  return {
    args,
    env: flags.env.flatMap((word) => withValue(word, caller) ?? []),
    unsetEnv: flags.unsetenv,
    proxies: flags["http-proxy"] ? proxiesOf(caller) : {},
  };
}

function setArgument(args: Record<string, string>, word: string, caller: Readonly<Record<string, string>>): void {
  const [name, value] = cut(word, "=");
  if (name === "") throw invalid(`--build-arg: ${JSON.stringify(word)} has no name`);
  const given = value ?? caller[name];
  if (given === undefined) delete args[name];
  else args[name] = given;
}

function withValue(word: string, caller: Readonly<Record<string, string>>): string | undefined {
  if (word.includes("=")) return word;
  const value = caller[word];
  return value === undefined ? undefined : `${word}=${value}`;
}

function proxiesOf(caller: Readonly<Record<string, string>>): Record<string, string> {
  const names = proxyNames.flatMap((name) => [name, name.toUpperCase()]);
  return Object.fromEntries(names.flatMap((name) => (caller[name] === undefined ? [] : [[name, caller[name]]])));
}

function readLines(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new DhowError(`cannot read the file of build arguments ${path}`, { kind: "not-found", cause });
  }
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}
