import { resolve } from "node:path";
import { DhowError } from "../errors.ts";
import { acceptsAnything, requireAccepted } from "../trust/judge.ts";
import { readSignatureFile } from "../trust/lookaside.ts";
import { loadPolicy } from "../trust/policy-file.ts";
import { pathScopes } from "../trust/scopes.ts";
import type { SourceImage } from "./source-image.ts";

/**
 * Checks that the signature policy (policy.json) lets an image of an archive or a folder in. Of these, only the folders of `dir:`
 * carry signatures that dhow knows: GPG's.
 * @param place Its transport, and its path if it has one.
 * @throws {DhowError} `permission-denied` in podman's words; `invalid-argument` for an invalid policy.
 */
export async function requireAcceptedFile(
  image: SourceImage,
  { transport, path }: { readonly transport: string; readonly path: string | undefined },
): Promise<void> {
  const policy = loadPolicy();
  if (acceptsAnything(policy)) return;
  const name = `${transport}:${path ?? "stdin"}`;
  try {
    await requireAccepted(policy, {
      transport,
      scopes: path === undefined ? [] : pathScopes(resolve(path)),
      name,
      reference: undefined,
      digests: [image.manifestDigest],
      signatures: async () => [],
      gpgSignatures: async () => (transport === "dir" && path !== undefined ? readSignatures(path) : []),
    });
  } catch (cause) {
    if (!(cause instanceof DhowError)) throw cause;
    throw new DhowError(`unable to copy from source ${name}`, { kind: cause.kind, cause });
  }
}

function readSignatures(folder: string): Buffer[] {
  const signatures: Buffer[] = [];
  for (let number = 1; ; number++) {
    const signature = readSignatureFile(`${folder}/signature-${number}`);
    if (signature === undefined) return signatures;
    signatures.push(signature);
  }
}
