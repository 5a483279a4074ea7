import { DhowError } from "../errors.ts";
import type { JudgedImage } from "./judged-image.ts";
import type { Policy, Requirement } from "./policy.ts";
import { requirementsFor } from "./scopes.ts";
import { requireSigstoreSignature, type SigstoreSignature } from "./sigstore.ts";

/** An image that somebody wants to bring in, and where its signatures are. */
export interface Candidate extends JudgedImage {
  /** `docker`, `oci-archive`, ... */
  readonly transport: string;
  /** The scopes of a policy that it lies in, the narrowest first. */
  readonly scopes: readonly string[];
  /** For messages: `docker://quay.io/a/b:1`. */
  readonly name: string;
  /** Asked only if the policy wants such signatures. */
  signatures(): Promise<readonly SigstoreSignature[]>;
  gpgSignatures(): Promise<readonly Uint8Array[]>;
}

/**
 * Checks that the policy lets an image in: it must meet every requirement of the narrowest scope.
 * @throws {DhowError} `permission-denied` with podman's "Source image rejected: ...".
 */
export async function requireAccepted(policy: Policy, image: Candidate): Promise<void> {
  for (const requirement of requirementsFor(policy, image.transport, image.scopes)) {
    try {
      await requireOne(requirement, image);
    } catch (cause) {
      if (!(cause instanceof DhowError)) throw cause;
      throw new DhowError("Source image rejected", { kind: cause.kind, cause });
    }
  }
}

/** Whether every image of the scope is accepted as it is, so that nothing has to be looked up. */
export function acceptsAnything(policy: Policy): boolean {
  const all = [policy.default, ...[...policy.transports.values()].flatMap((scopes) => [...scopes.values()])];
  return all.every((requirements) => requirements.every(({ type }) => type === "insecureAcceptAnything"));
}

async function requireOne(requirement: Requirement, image: Candidate): Promise<void> {
  switch (requirement.type) {
    case "insecureAcceptAnything":
      return;
    case "reject":
      throw new DhowError(`Running image ${image.name} is rejected by policy.`, { kind: "permission-denied" });
    case "signedBy":
      (await import("./gpg.ts")).requireGpgSignature(requirement, image, await image.gpgSignatures());
      return;
    case "sigstoreSigned":
      requireSigstoreSignature(requirement, image, await image.signatures());
  }
}
