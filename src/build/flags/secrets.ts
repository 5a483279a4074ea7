import { statSync } from "node:fs";
import { cut, invalid } from "../../container/config/values.ts";
import { DhowError } from "../../errors.ts";
import { getVariable } from "../../system/environment.ts";
import type { BuildSecret, SshSource } from "../request.ts";
import { type FieldRules, parseFields } from "./fields.ts";

const secretRules: FieldRules = {
  flag: "--secret",
  keys: { id: "id", src: "src", source: "src", env: "env", type: "type" },
};

/** @throws {DhowError} `invalid-argument`; `not-found` for a file that is not there. */
export function readSecrets(texts: readonly string[]): Map<string, BuildSecret> {
  return new Map(texts.map((text) => parseSecret(text)));
}

function parseSecret(text: string): [id: string, secret: BuildSecret] {
  const fields = parseFields(text, secretRules);
  const id = fields.need("id");
  const source = fields.get("src");
  const type = fields.get("type") ?? (fields.has("env") || (!source && getVariable(id) !== undefined) ? "env" : "file");
  if (type === "env") {
    const variable = fields.get("env") || source || id;
    return [id, { type, variable, value: getVariable(variable) }];
  }
  if (type !== "file") throw invalid(`invalid type ${JSON.stringify(type)} in --secret`, "it is file or env");
  const path = source || id;
  if (!statSync(path, { throwIfNoEntry: false })) {
    throw new DhowError(`could not parse secrets: no such file: ${path}`, { kind: "not-found" });
  }
  return [id, { type, path }];
}

/** @throws {DhowError} `invalid-argument`; `not-found` without an agent, or for a file that is not there. */
export function readSshSources(texts: readonly string[]): Map<string, SshSource> {
  return new Map(texts.map((text) => parseSshSource(text)));
}

function parseSshSource(text: string): [id: string, source: SshSource] {
  const [id, list] = cut(text, "=");
  const paths = (list ?? "").split(",").filter((path) => path !== "");
  if (id === "") throw invalid(`--ssh: ${JSON.stringify(text)} has no id`, "as in --ssh default or --ssh id=PATH");
  if (paths.length === 0) {
    const socket = getVariable("SSH_AUTH_SOCK");
    if (socket !== undefined) return [id, { type: "agent", socket }];
    throw new DhowError(`--ssh ${text}: there is no SSH agent: SSH_AUTH_SOCK is not set`, {
      kind: "not-found",
      hint: "start one (eval $(ssh-agent); ssh-add), or name a key: --ssh default=$HOME/.ssh/id_ed25519",
    });
  }
  const kinds = paths.map((path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) throw new DhowError(`--ssh ${id}: no such file: ${path}`, { kind: "not-found" });
    return stats.isSocket();
  });
  if (!kinds.includes(true)) return [id, { type: "keys", paths }];
  if (paths.length > 1) throw invalid(`--ssh ${id}: only single socket allowed`);
  return [id, { type: "agent", socket: paths[0] as string }];
}
