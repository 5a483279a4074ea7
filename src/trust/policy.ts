import { DhowError } from "../errors.ts";
import { parseIdentityRule, type SignedIdentity } from "./signed-identity.ts";
import { isObject, type JsonObject, parseStrictJson, requireFields } from "./strict-json.ts";

/**
 * What may be pulled: containers' policy.json.
 * @see https://github.com/containers/image/blob/main/docs/containers-policy.json.5.md
 */
export interface Policy {
  readonly default: readonly Requirement[];
  /** By transport ("docker"), then by scope; the scope "" is the transport's default. */
  readonly transports: ReadonlyMap<string, ReadonlyMap<string, readonly Requirement[]>>;
}

export type Requirement =
  | { readonly type: "insecureAcceptAnything" }
  | { readonly type: "reject" }
  | { readonly type: "signedBy"; readonly keys: KeySource; readonly signedIdentity: SignedIdentity }
  | SigstoreRequirement;

export interface SigstoreRequirement {
  readonly type: "sigstoreSigned";
  readonly keys: KeySource;
  /** A part of the requirement that dhow cannot check: images under it are refused. */
  readonly unsupported: "fulcio" | "pki" | "rekor" | undefined;
  readonly signedIdentity: SignedIdentity;
}

/** Where public keys come from: any one of them will do. */
export interface KeySource {
  readonly paths: readonly string[];
  /** As they stand in the policy, decoded. */
  readonly data: readonly Buffer[];
}

/**
 * Reads a policy, strictly: whatever is not understood makes all of it invalid.
 * @throws {DhowError} `corrupt`, saying what is wrong.
 */
export function parsePolicy(text: string): Policy {
  const document = requireFields(parseStrictJson(text, "the policy"), "the policy", {
    default: true,
    transports: false,
  });
  const transports = new Map<string, ReadonlyMap<string, readonly Requirement[]>>();
  const written = document.transports ?? {};
  if (!isObject(written)) throw invalid("transports is not an object");
  for (const [transport, scopes] of Object.entries(written)) {
    if (!isObject(scopes)) throw invalid(`transports.${transport} is not an object`);
    const parsed = Object.entries(scopes).map(([scope, requirements]) => {
      checkScope(transport, scope);
      return [scope, parseRequirements(requirements, `the requirements of ${JSON.stringify(scope)}`)] as const;
    });
    transports.set(transport, new Map(parsed));
  }
  return { default: parseRequirements(document.default, "the default requirements"), transports };
}

/** Transports whose scopes are paths. */
const pathTransports = ["dir", "oci", "oci-archive", "sif"];

function checkScope(transport: string, scope: string): void {
  if (scope === "") return;
  if (pathTransports.includes(transport)) {
    const isClean = scope.startsWith("/") && scope !== "/" && !/\/(?:\.{0,2}\/|\.{0,2}$)/.test(scope);
    if (!isClean) throw invalid(`the scope ${JSON.stringify(scope)} of ${transport} is not a clean absolute path`);
  } else if (transport === "docker-archive" || transport === "tarball") {
    throw invalid(`${transport} has no other scope than ""`);
  } else if (transport === "docker" && scope.includes("*") && !/^\*\.[^*/]+$/.test(scope)) {
    throw invalid(`the scope ${JSON.stringify(scope)} is not of the form *.example.com`);
  }
}

function parseRequirements(value: unknown, what: string): readonly Requirement[] {
  if (!Array.isArray(value)) throw invalid(`${what} are not a list`);
  if (value.length === 0) throw invalid(`${what} are an empty list`);
  return value.map(parseRequirement);
}

function parseRequirement(value: unknown): Requirement {
  const type = isObject(value) ? value.type : undefined;
  switch (type) {
    case "insecureAcceptAnything":
    case "reject":
      requireFields(value, `a requirement of type ${type}`, { type: true });
      return { type };
    case "signedBy":
      return parseSignedBy(value);
    case "sigstoreSigned":
      return parseSigstoreSigned(value);
    default:
      throw invalid(`unknown policy requirement type ${JSON.stringify(type)}`);
  }
}

const keyFields = ["keyPath", "keyPaths", "keyData", "keyDatas"];

function parseSignedBy(value: unknown): Requirement {
  const fields = { type: true, keyType: true, keyPath: false, keyPaths: false, keyData: false, signedIdentity: false };
  const table = requireFields(value, "a requirement of type signedBy", fields);
  if (table.keyType !== "GPGKeys") throw invalid(`unknown keyType ${JSON.stringify(table.keyType)}`);
  requireOne(table, keyFields, "signedBy");
  return { type: "signedBy", keys: parseKeys(table), signedIdentity: parseIdentityRule(table.signedIdentity) };
}

const rekorFields = ["rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData", "rekorPublicKeyDatas"];

function parseSigstoreSigned(value: unknown): Requirement {
  const optional = [...keyFields, ...rekorFields, "fulcio", "pki", "signedIdentity"];
  const table = requireFields(value, "a requirement of type sigstoreSigned", {
    type: true,
    ...Object.fromEntries(optional.map((field) => [field, false])),
  });
  requireOne(table, [...keyFields, "fulcio", "pki"], "sigstoreSigned");
  const hasRekor = rekorFields.some((field) => table[field] !== undefined);
  const unsupported = table.fulcio !== undefined ? "fulcio" : table.pki !== undefined ? "pki" : hasRekor && "rekor";
  return {
    type: "sigstoreSigned",
    keys: parseKeys(table),
    unsupported: unsupported || undefined,
    signedIdentity: parseIdentityRule(table.signedIdentity),
  };
}

function requireOne(table: JsonObject, fields: readonly string[], type: string): void {
  if (fields.filter((field) => table[field] !== undefined).length === 1) return;
  throw invalid(`exactly one of ${fields.join(", ")} must be in a requirement of type ${type}`);
}

function parseKeys({ keyPath, keyPaths, keyData, keyDatas }: JsonObject): KeySource {
  const paths = listOf(keyPath, keyPaths, "keyPath");
  const data = listOf(keyData, keyDatas, "keyData").map((text) => {
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw invalid("keyData is not base64");
    return Buffer.from(text, "base64");
  });
  return { paths, data };
}

function listOf(one: unknown, many: unknown, field: string): readonly string[] {
  const list = one === undefined ? (many ?? []) : [one];
  if (!Array.isArray(list) || !list.every((item) => typeof item === "string" && item !== "")) {
    throw invalid(`${field} is not text`);
  }
  if (many !== undefined && list.length === 0) throw invalid(`${field}s is an empty list`);
  return list;
}

function invalid(reason: string): DhowError {
  return new DhowError(reason, { kind: "corrupt" });
}
