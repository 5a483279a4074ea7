import type { SecretConfig } from "../../model/container-config.ts";
import { cut, invalid } from "./values.ts";

const defaultMode = 0o444;

/** `NAME[,type=mount|env][,target=...][,uid=,gid=,mode=]`. */
export function parseSecrets(entries: readonly string[]): SecretConfig[] {
  return entries.map((entry) => fromFields(entry, readFields(entry)));
}

type Fields = Readonly<Partial<Record<string, string>>>;

function readFields(entry: string): Fields {
  const fields = entry.split(",");
  const given: Record<string, string> = {};
  if (!fields[0]?.includes("=")) given.source = fields.shift() ?? "";
  for (const field of fields) {
    const [key, value] = cut(field, "=");
    if (value === undefined) throw wrong(`option ${field} must be in form option=value`);
    const name = key === "UID" || key === "GID" ? key.toLowerCase() : key;
    if (!["source", "type", "target", "uid", "gid", "mode"].includes(name)) throw wrong(`option ${field} invalid`);
    if (name === "type" && given.type !== undefined) throw wrong("cannot set more than one secret type");
    given[name] = value;
  }
  return given;
}

function fromFields(entry: string, given: Fields): SecretConfig {
  const { source, type = "mount", target = "" } = given;
  if (!source) throw wrong(`no source found ${entry}`);
  if (type !== "mount" && type !== "env") throw wrong(`type ${type} is invalid`);
  if (type === "mount") {
    const owner = { uid: readId("UID", given.uid), gid: readId("GID", given.gid) };
    return { name: source, id: "", kind: "mount", target, ...owner, mode: readMode(given.mode) };
  }
  if (["uid", "gid", "mode"].some((key) => key in given))
    throw wrong("UID, GID, Mode options cannot be set with secret type env");
  const variable = target || source;
  if (/[=\0]/.test(variable)) throw wrong(`target ${JSON.stringify(variable)} is no name of an environment variable`);
  return { name: source, id: "", kind: "env", target: variable, uid: 0, gid: 0, mode: 0 };
}

function readId(what: string, text: string | undefined): number {
  if (text === undefined) return 0;
  if (!/^\d{1,10}$/.test(text) || Number(text) >= 2 ** 32) throw wrong(`${what} ${text} invalid`);
  return Number(text);
}

function readMode(text: string | undefined): number {
  if (text === undefined) return defaultMode;
  if (!/^[0-7]{1,5}$/.test(text)) throw wrong(`mode ${text} invalid`);
  return Number.parseInt(text, 8) & 0o7777;
}

function wrong(message: string) {
  return invalid(`${message}: parsing secret`);
}
