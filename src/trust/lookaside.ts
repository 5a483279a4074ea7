import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DhowError, errnoOf } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { Reference } from "../oci/reference.ts";
import { getVariable, homeDirectory } from "../system/environment.ts";
import { writeFileAtomic } from "../system/files.ts";
import type { SignatureStore } from "./registries-d.ts";

/**
 * Where GPG signatures of a registry's images lie: a folder or a web server that holds `REPOSITORY@sha256=HEX/signature-N`, N
 * from 1 on.
 * @see https://github.com/containers/image/blob/main/docs/signature-protocols.md
 */
export function lookasideUrl(store: SignatureStore | undefined, use: "read" | "write"): URL {
  const configured = use === "write" ? (store?.lookasideStaging ?? store?.lookaside) : store?.lookaside;
  const text = configured ?? `file://${encodeURI(defaultFolder())}`;
  const url = URL.parse(text);
  if (url) return url;
  throw new DhowError(`the lookaside ${JSON.stringify(text)} of registries.d is no URL`, { kind: "invalid-argument" });
}

/** As Podman's and Skopeo's. */
function defaultFolder(): string {
  if (process.getuid?.() === 0 && getVariable("DHOW_UID") === undefined) return "/var/lib/containers/sigstore";
  return `${homeDirectory() ?? ""}/.local/share/containers/sigstore`;
}

/** The name of a signature below a lookaside. */
export function signatureName({ repository }: Reference, digest: Digest, number: number): string {
  return `${repository}@${digest.replace(":", "=")}/signature-${number}`;
}

/** A signature in a folder; undefined if there is none of that number. @throws {DhowError} `permission-denied`. */
export function readSignatureFile(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(cause) ?? "")) return undefined;
    throw new DhowError(`cannot read the signature ${path}`, { kind: "permission-denied", cause });
  }
}

/** The folder that a URL stands for. @throws {DhowError} `unsupported` if it is no folder of this machine. */
export function lookasideFolder(url: URL): string {
  if (url.protocol === "file:") return fileURLToPath(url).replace(/\/$/, "");
  throw new DhowError(`cannot write signatures to ${url.href}: it is no folder`, {
    kind: "unsupported",
    hint: "name a folder of this machine as lookaside-staging in registries.d, or with --directory",
  });
}

/** Adds a signature to those that an image has in a folder. @throws {DhowError} `permission-denied`. */
export function addSignatureFile(folder: string, reference: Reference, digest: Digest, signature: Uint8Array): void {
  const path = (number: number) => `${folder}/${signatureName(reference, digest, number)}`;
  let number = 1;
  while (readSignatureFile(path(number)) !== undefined) number++;
  try {
    mkdirSync(path(number).replace(/\/[^/]*$/, ""), { recursive: true, mode: 0o755 });
    writeFileAtomic(path(number), signature, { mode: 0o644 });
  } catch (cause) {
    throw new DhowError(`cannot write the signature ${path(number)}`, { kind: "permission-denied", cause });
  }
}
