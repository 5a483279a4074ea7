import { DhowError } from "../errors.ts";
import { formatReference, parseReference, type Reference, repositoryName } from "../oci/reference.ts";
import { isObject, requireFields } from "./strict-json.ts";

/** Which name a signature must speak of for an image to be accepted under a name. */
export type SignedIdentity =
  | { readonly type: "matchExact" | "matchRepoDigestOrExact" | "matchRepository" }
  | { readonly type: "exactReference"; readonly reference: Reference }
  | { readonly type: "exactRepository"; readonly reference: Reference }
  | { readonly type: "remapIdentity"; readonly prefix: string; readonly signedPrefix: string };

/** @throws {DhowError} `corrupt`. */
export function parseIdentityRule(value: unknown): SignedIdentity {
  if (value === undefined) return { type: "matchRepoDigestOrExact" };
  const what = "signedIdentity";
  const type = isObject(value) ? value.type : undefined;
  switch (type) {
    case "matchExact":
    case "matchRepoDigestOrExact":
    case "matchRepository":
      requireFields(value, what, { type: true });
      return { type };
    case "exactReference": {
      const reference = parseName(requireFields(value, what, { type: true, dockerReference: true }).dockerReference);
      if (isNameOnly(reference)) throw invalid("dockerReference has neither tag nor digest");
      return { type, reference };
    }
    case "exactRepository": {
      const { dockerRepository } = requireFields(value, what, { type: true, dockerRepository: true });
      const reference = parseName(dockerRepository);
      if (!isNameOnly(reference)) throw invalid("dockerRepository has a tag or digest");
      return { type, reference };
    }
    case "remapIdentity": {
      const fields = requireFields(value, what, { type: true, prefix: true, signedPrefix: true });
      return { type, prefix: parsePrefix(fields.prefix), signedPrefix: parsePrefix(fields.signedPrefix) };
    }
    default:
      throw invalid(`unknown type of signedIdentity: ${JSON.stringify(type)}`);
  }
}

/**
 * Whether a signature for one name is good for an image under another.
 * @param image What the user asked for; undefined for images that have no such name (of `dir:` and `oci:`).
 * @param signed The name in the signature, as it stands there.
 */
export function matchesIdentity(rule: SignedIdentity, image: Reference | undefined, signed: string): boolean {
  const claimed = parseOrUndefined(signed);
  if (claimed === undefined) return false;
  switch (rule.type) {
    case "exactReference":
      return isSame(rule.reference, claimed);
    case "exactRepository":
      return repositoryName(rule.reference) === repositoryName(claimed);
    case "matchExact":
      return image !== undefined && isSame(image, claimed);
    case "matchRepository":
      return image !== undefined && repositoryName(image) === repositoryName(claimed);
    case "matchRepoDigestOrExact":
      return image !== undefined && matchesRepoDigestOrExact(image, claimed);
    case "remapIdentity": {
      const remapped = image && remap(image, rule);
      return remapped !== undefined && matchesRepoDigestOrExact(remapped, claimed);
    }
  }
}

/** The digest of a name has been compared with the manifest's, as has the signature's: the repository is what is left. */
function matchesRepoDigestOrExact(image: Reference, claimed: Reference): boolean {
  if (isNameOnly(claimed) || isNameOnly(image)) return false;
  return image.tag === undefined ? repositoryName(image) === repositoryName(claimed) : isSame(image, claimed);
}

function isSame(one: Reference, other: Reference): boolean {
  return !isNameOnly(one) && !isNameOnly(other) && formatReference(one) === formatReference(other);
}

function remap(image: Reference, { prefix, signedPrefix }: { prefix: string; signedPrefix: string }) {
  const name = repositoryName(image);
  if (name !== prefix && !name.startsWith(`${prefix}/`)) return image;
  const renamed = parseOrUndefined(signedPrefix + name.slice(prefix.length));
  return renamed && { ...renamed, tag: image.tag, digest: image.digest };
}

function isNameOnly({ tag, digest }: Reference): boolean {
  return tag === undefined && digest === undefined;
}

function parseName(value: unknown): Reference {
  const reference = typeof value === "string" ? parseOrUndefined(value) : undefined;
  if (reference === undefined) throw invalid(`invalid name in signedIdentity: ${JSON.stringify(value)}`);
  return reference;
}

function parsePrefix(value: unknown): string {
  if (typeof value === "string" && /^[\w.:[\]-]+(?:\/[\w.-]+)*$/.test(value)) return value;
  throw invalid(`invalid prefix in signedIdentity: ${JSON.stringify(value)}`);
}

function parseOrUndefined(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (error instanceof DhowError) return undefined;
    throw error;
  }
}

function invalid(reason: string): DhowError {
  return new DhowError(reason, { kind: "corrupt" });
}
