import { dirname } from "node:path";
import { formatReference, type Reference, repositoryName } from "../oci/reference.ts";
import type { Policy, Requirement } from "./policy.ts";

/** The requirements that hold for an image: those of the first of its scopes that the policy names, and no others. */
export function requirementsFor(policy: Policy, transport: string, scopes: readonly string[]): readonly Requirement[] {
  const known = policy.transports.get(transport);
  for (const scope of [...scopes, ""]) {
    const requirements = known?.get(scope);
    if (requirements) return requirements;
  }
  return policy.default;
}

/** The scopes of an image in a registry, the narrowest first: itself, its repository, what that lies in, `*.` domains. */
export function registryScopes(reference: Reference): string[] {
  const scopes = [formatReference(reference)];
  const parts = repositoryName(reference).split("/");
  for (let length = parts.length; length > 0; length--) scopes.push(parts.slice(0, length).join("/"));
  const labels = (reference.registry.split(":", 1)[0] ?? "").split(".");
  for (let dropped = 1; dropped < labels.length; dropped++) scopes.push(`*.${labels.slice(dropped).join(".")}`);
  return scopes;
}

/** The scopes of an image in a file or folder: its path, and the folders that it lies in. */
export function pathScopes(path: string): string[] {
  const scopes: string[] = [];
  for (let each = path; each !== "/" && each !== "."; each = dirname(each)) scopes.push(each);
  return scopes;
}
