import { existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DhowError } from "../errors.ts";
import { getVariable } from "../system/environment.ts";
import { lockPath } from "../system/file-lock.ts";
import { writeFileAtomic } from "../system/files.ts";
import { parsePolicy, type Requirement } from "../trust/policy.ts";
import { findPolicyPath, loadPolicy, readPolicyFile, systemPolicyPath, userPolicyPath } from "../trust/policy-file.ts";
import { findStoreOfScope, loadSignatureStores, type SignatureStores } from "../trust/registries-d.ts";

/** A requirement of the signature policy, as `image trust show` shows it. */
export interface TrustEntry {
  /** `all`, `repository` or another transport. */
  readonly transport: string;
  readonly name: string;
  readonly repositoryName: string;
  /** `accept`, `reject`, `signed`, `sigstoreSigned`. */
  readonly type: string;
  readonly keyId: string;
  /** URL of the lookaside store, "" if there is none. */
  readonly store: string;
}

/** Other files than those in force. */
export interface TrustPaths {
  readonly policyPath: string | undefined;
  readonly registriesPath?: string | undefined;
}

/** The policy file as it is. @throws {DhowError} `not-found`. */
export function readRawPolicy({ policyPath }: TrustPaths): string {
  return readPolicyFile(policyPath ?? requirePolicyPath());
}

/** What the policy asks of which images. @throws {DhowError} `not-found` without a policy, `invalid-argument`. */
export async function describeTrust({ policyPath, registriesPath }: TrustPaths): Promise<TrustEntry[]> {
  const policy = loadPolicy(policyPath ?? requirePolicyPath());
  const stores = await loadSignatureStores(registriesPath);
  const entries = policy.default.map((requirement) => ({
    ...describeRequirement(requirement, stores, ""),
    ...{ transport: "all", name: "* (default)", repositoryName: "default" },
  }));
  for (const [transport, scopes] of [...policy.transports].toSorted(byName)) {
    for (const [scope, requirements] of [...scopes].toSorted(byName)) {
      const place = {
        transport: transport === "docker" ? "repository" : transport,
        name: scope,
        repositoryName: scope,
      };
      entries.push(...requirements.map((each) => ({ ...describeRequirement(each, stores, scope), ...place })));
    }
  }
  return entries;
}

const typeNames: Readonly<Record<Requirement["type"], string>> = {
  insecureAcceptAnything: "accept",
  reject: "reject",
  signedBy: "signed",
  sigstoreSigned: "sigstoreSigned",
};

function describeRequirement(requirement: Requirement, stores: SignatureStores, scope: string) {
  return {
    type: typeNames[requirement.type],
    keyId: requirement.type === "sigstoreSigned" || requirement.type === "signedBy" ? "N/A" : "",
    store: findStoreOfScope(stores, scope)?.lookaside ?? "",
  };
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

export interface TrustChange {
  /** `default`, or a registry, namespace or image. */
  readonly scope: string;
  readonly type: string;
  readonly keyFiles: readonly string[];
}

/**
 * Writes a requirement into the policy file: the one in force if the user may write it, else the user's own, which begins as
 * a copy of that. The file is locked meanwhile and replaced atomically.
 * @throws {DhowError} `invalid-argument` in podman's words; the old file stays if the new one would be invalid.
 */
export async function setTrust(change: TrustChange, { policyPath }: TrustPaths): Promise<void> {
  checkScope(change.scope);
  const requirements = makeRequirements(change);
  const inForce = findPolicyPath();
  const named = policyPath ?? getVariable("CONTAINERS_POLICY_JSON");
  const target = named ?? (isRoot() ? (inForce ?? systemPolicyPath) : userPolicyPath());
  if (target === undefined)
    throw new DhowError("cannot write a policy: there is no home directory", { kind: "not-found" });
  const origin = existsSync(target) ? target : named === undefined ? inForce : undefined;
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  using _lock = await lockPath(dirname(target));
  const document = origin === undefined ? {} : readDocument(origin);
  if (change.scope === "default") {
    document.default = requirements;
  } else {
    if (document.default === undefined)
      throw new DhowError("default trust policy must be set", { kind: "invalid-argument" });
    placeRequirements(document, change.scope, requirements);
  }
  const text = `${JSON.stringify(document, undefined, 4)}\n`;
  parsePolicy(text);
  writeFileAtomic(target, text, { mode: 0o644 });
}

interface PolicyDocument {
  default?: unknown;
  transports?: Record<string, Record<string, unknown>>;
}

/** A scope that another transport has already is changed there. */
function placeRequirements(document: PolicyDocument, scope: string, requirements: readonly object[]): void {
  document.transports ??= {};
  const { transports } = document;
  const known = Object.keys(transports).find((transport) => Object.hasOwn(transports[transport] ?? {}, scope));
  const transport = known ?? "docker";
  transports[transport] = { ...transports[transport], [scope]: requirements };
}

function makeRequirements({ type, keyFiles }: TrustChange): object[] {
  switch (type) {
    case "accept":
    case "insecureAcceptAnything":
    case "reject":
      if (keyFiles.length > 0)
        throw invalid(`${keyFiles.length} public keys unexpectedly provided for trust type ${type}`);
      return [{ type: type === "reject" ? type : "insecureAcceptAnything" }];
    case "signedBy":
    case "sigstoreSigned": {
      if (keyFiles.length === 0) throw invalid(`at least one public key must be defined for type '${type}'`);
      const missing = keyFiles.find((path) => !existsSync(path));
      if (missing !== undefined) throw invalid(`public key file ${missing} does not exist`);
      const keyType = type === "signedBy" ? { keyType: "GPGKeys" } : {};
      return keyFiles.map((path) => ({ type, ...keyType, keyPath: resolve(path) }));
    }
    default:
      throw invalid(`invalid choice: ${type} (choose from 'accept', 'reject', 'signedBy', 'sigstoreSigned')`);
  }
}

function readDocument(path: string): PolicyDocument {
  const text = readPolicyFile(path);
  loadPolicy(path);
  return JSON.parse(text);
}

function checkScope(scope: string): void {
  if (/^(?:\*\.)?[\w.-]+(?::\d+)?(?:\/[\w./:@-]+)?$/.test(scope) || scope.startsWith("/")) return;
  throw invalid(`invalid image uri: ${scope}`);
}

function requirePolicyPath(): string {
  const path = findPolicyPath();
  if (path !== undefined) return path;
  throw new DhowError(
    `no policy.json file found at any of the following: ${JSON.stringify(userPolicyPath() ?? "")}, ${JSON.stringify(systemPolicyPath)}`,
    {
      kind: "not-found",
      hint: "without one every image is accepted; make one with 'dhow image trust set -t accept default'",
    },
  );
}

/** Inside of the user's namespaces everybody looks like root. */
function isRoot(): boolean {
  return (getVariable("DHOW_UID") ?? String(process.getuid?.())) === "0";
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
