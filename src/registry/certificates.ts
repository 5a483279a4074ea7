import { existsSync, readdirSync, readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { DhowError, errnoOf } from "../errors.ts";
import { getVariable, homeDirectory } from "../system/environment.ts";

/** What a registry's TLS connection is made with, all PEM. */
export interface Certificates {
  /** Trusted roots; undefined stands for those that come with Node. */
  readonly authorities: readonly string[] | undefined;
  /** A client certificate and its key, for registries that ask for one. */
  readonly client: { readonly certificate: string; readonly key: string } | undefined;
}

/** Where distributions keep the machine's own roots. */
const systemBundles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * Collects the roots of the machine (else those of Node) and what the registry's certs.d folder adds: `*.crt` are further roots,
 * `*.cert` with `*.key` a client certificate.
 * @param directory --cert-dir: read instead of the registry's certs.d folder.
 * @throws {DhowError} `not-found` if that is missing, `invalid-argument` if a certificate has no key or a key no certificate.
 */
export function loadCertificates(host: string, directory?: string): Certificates {
  if (directory !== undefined && !existsSync(directory)) {
    throw new DhowError(`certificate directory ${directory} does not exist`, { kind: "not-found" });
  }
  const folder = directory ?? findCertificateDirectory(host);
  const extra = folder === undefined ? { authorities: [], client: undefined } : readFolder(folder);
  const system = readSystemBundle();
  if (system === undefined && extra.authorities.length === 0) return { authorities: undefined, client: extra.client };
  return {
    authorities: [...(system === undefined ? rootCertificates : [system]), ...extra.authorities],
    client: extra.client,
  };
}

function findCertificateDirectory(host: string): string | undefined {
  const home = homeDirectory();
  const parents = [
    ...(home === undefined ? [] : [`${home}/.config/containers/certs.d`]),
    "/etc/containers/certs.d",
    "/etc/docker/certs.d",
  ];
  return parents.map((parent) => `${parent}/${host}`).find((path) => existsSync(path));
}

function readFolder(folder: string): { authorities: string[]; client: Certificates["client"] } {
  const names = listFolder(folder).toSorted();
  const read = (name: string) => readFileSync(`${folder}/${name}`, "utf8");
  const authorities = names.filter((name) => name.endsWith(".crt")).map(read);
  const stems = names.filter((name) => name.endsWith(".cert")).map((name) => name.slice(0, -".cert".length));
  const keys = names.filter((name) => name.endsWith(".key")).map((name) => name.slice(0, -".key".length));
  const lonely = stems.find((stem) => !keys.includes(stem));
  if (lonely !== undefined) throw unpaired(`missing key ${lonely}.key for client certificate ${lonely}.cert`, folder);
  const orphan = keys.find((key) => !stems.includes(key));
  if (orphan !== undefined) throw unpaired(`missing client certificate ${orphan}.cert for key ${orphan}.key`, folder);
  const [first] = stems;
  return {
    authorities,
    client: first === undefined ? undefined : { certificate: read(`${first}.cert`), key: read(`${first}.key`) },
  };
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    // Podman too goes on without a system folder that only root may read.
    if (errnoOf(error) === "EACCES" || errnoOf(error) === "ENOTDIR") return [];
    throw error;
  }
}

function unpaired(reason: string, folder: string): DhowError {
  return new DhowError(`${reason} in ${folder}: client certificates come in pairs`, { kind: "invalid-argument" });
}

function readSystemBundle(): string | undefined {
  for (const path of [getVariable("SSL_CERT_FILE"), ...systemBundles]) {
    if (path === undefined) continue;
    try {
      const content = readFileSync(path, "latin1");
      if (content.includes("-----BEGIN")) return content;
    } catch {
      // The next one may be there.
    }
  }
  return undefined;
}
