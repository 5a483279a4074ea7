import { generateKeyPairSync, type KeyObject, randomBytes, scryptSync } from "node:crypto";
import { secretbox } from "@noble/ciphers/salsa.js";

export interface TestKeys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  /** PEM. */
  readonly publicPem: string;
  readonly privatePem: string;
}

/** An ECDSA P-256 key pair, as cosign makes it. */
export function makeKeys(): TestKeys {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    publicKey,
    privateKey,
    publicPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    privatePem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** The private key in cosign's encrypted form. */
export function encryptKey({ privateKey }: TestKeys, passphrase: string, label = "COSIGN", N = 1 << 15): string {
  const salt = randomBytes(32);
  const nonce = randomBytes(24);
  const secret = scryptSync(passphrase, salt, 32, { N, r: 8, p: 1, maxmem: 1 << 28 });
  const der = privateKey.export({ type: "pkcs8", format: "der" });
  const encrypted = {
    kdf: { name: "scrypt", params: { N, r: 8, p: 1 }, salt: salt.toString("base64") },
    cipher: { name: "nacl/secretbox", nonce: nonce.toString("base64") },
    ciphertext: Buffer.from(secretbox(secret, nonce).seal(der)).toString("base64"),
  };
  return pemOf(label, JSON.stringify(encrypted));
}

/** Any bytes as a key of that label. */
export function pemOf(label: string, body: string): string {
  const lines =
    Buffer.from(body)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  const name = `ENCRYPTED ${label} PRIVATE KEY`;
  return `-----BEGIN ${name}-----\n${lines.join("\n")}\n-----END ${name}-----\n`;
}
