import { createPrivateKey, createPublicKey, type KeyObject, scrypt, sign, verify } from "node:crypto";
import { DhowError } from "../errors.ts";

/** Encrypted private keys of cosign and skopeo. */
const encryptedForm = /-----BEGIN ENCRYPTED (?:COSIGN|SIGSTORE) PRIVATE KEY-----([\s\S]*?)-----END ENCRYPTED /;

/** More memory than this is not spent on a key of unknown origin. Cosign's own keys take 64 MiB. */
const longestScryptBytes = 512 << 20;

/** @throws {DhowError} `corrupt`. */
export function parsePublicKey(pem: Uint8Array, where: string): KeyObject {
  let key: KeyObject;
  try {
    const text = Buffer.from(pem).toString("latin1");
    if (text.includes("PRIVATE KEY")) throw new Error("it is a private key");
    key = createPublicKey(text);
  } catch (cause) {
    throw new DhowError(`cannot read the public key ${where}`, { kind: "corrupt", cause });
  }
  return requireKnownType(key, where);
}

/**
 * Reads a private key: cosign's encrypted form, or PEM as openssl writes it.
 * @param passphrase For an encrypted key.
 * @throws {DhowError} `corrupt`, or `permission-denied` for a wrong passphrase. The key and the passphrase are never shown.
 */
export async function readPrivateKey(pem: string, passphrase: Buffer | undefined, where: string): Promise<KeyObject> {
  const body = encryptedForm.exec(pem)?.[1];
  if (body !== undefined) {
    if (passphrase === undefined) throw missingPassphrase(where);
    const der = await decryptKey(Buffer.from(body, "base64"), passphrase, where);
    return requireKnownType(createPrivateKey({ key: der, format: "der", type: "pkcs8" }), where);
  }
  if (/ENCRYPTED/.test(pem) && passphrase === undefined) throw missingPassphrase(where);
  return requireKnownType(parsePem(pem, passphrase, where), where);
}

function parsePem(pem: string, passphrase: Buffer | undefined, where: string): KeyObject {
  try {
    return createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (cause) {
    throw new DhowError(`cannot read the private key ${where}: it is no PEM key, or the passphrase is wrong`, {
      kind: "corrupt",
      cause,
    });
  }
}

/** Signs as cosign does: over the SHA-256 of the bytes, ECDSA in DER form. */
export function signBytes(bytes: Uint8Array, key: KeyObject): Buffer {
  return sign(hashOf(key), bytes, key);
}

/** Whether one of the keys has made the signature. */
export function isSignedByOne(bytes: Uint8Array, signature: Uint8Array, keys: readonly KeyObject[]): boolean {
  return keys.some((key) => verify(hashOf(key), bytes, key, signature));
}

/** Ed25519 hashes by itself. */
function hashOf({ asymmetricKeyType }: KeyObject): string | null {
  return asymmetricKeyType === "ed25519" ? null : "sha256";
}

function requireKnownType(key: KeyObject, where: string): KeyObject {
  if (["ec", "rsa", "ed25519"].includes(key.asymmetricKeyType ?? "")) return key;
  throw new DhowError(`the key ${where} is of an unsupported type: ${key.asymmetricKeyType}`, { kind: "unsupported" });
}

interface EncryptedKey {
  readonly kdf: { readonly name: string; readonly params: { N: number; r: number; p: number }; readonly salt: string };
  readonly cipher: { readonly name: string; readonly nonce: string };
  readonly ciphertext: string;
}

/** @see https://github.com/secure-systems-lab/go-securesystemslib/blob/main/encrypted/encrypted.go */
async function decryptKey(json: Buffer, passphrase: Buffer, where: string): Promise<Buffer> {
  const { kdf, cipher, ciphertext } = parseEncryptedKey(json, where);
  const { N, r, p } = kdf.params;
  if (128 * N * r > longestScryptBytes || p > 16) throw unreadable(where, "its scrypt parameters are too large");
  const { secretbox } = await import("@noble/ciphers/salsa.js");
  const secret = await deriveKey(passphrase, Buffer.from(kdf.salt, "base64"), { N, r, p }).catch((cause: unknown) => {
    throw new DhowError(`cannot read the private key ${where}`, { kind: "corrupt", cause });
  });
  const nonce = Buffer.from(cipher.nonce, "base64");
  if (nonce.length !== 24) throw unreadable(where, "its nonce is not valid");
  try {
    return Buffer.from(secretbox(secret, nonce).open(Buffer.from(ciphertext, "base64")));
  } catch (cause) {
    throw new DhowError(`cannot decrypt the private key ${where}: the passphrase is wrong`, {
      kind: "permission-denied",
      cause,
    });
  }
}

function parseEncryptedKey(json: Buffer, where: string): EncryptedKey {
  const key = parseJson(json);
  const { kdf, cipher, ciphertext } = key ?? {};
  const numbers = [kdf?.params?.N, kdf?.params?.r, kdf?.params?.p];
  const texts = [kdf?.salt, cipher?.nonce, ciphertext];
  if (!texts.every((text) => typeof text === "string")) throw unreadable(where, "it is damaged");
  if (!numbers.every((number) => Number.isSafeInteger(number) && Number(number) > 0)) {
    throw unreadable(where, "its scrypt parameters are not valid");
  }
  if (kdf?.name !== "scrypt" || cipher?.name !== "nacl/secretbox") {
    throw unreadable(where, "it is encrypted by other means than scrypt and nacl/secretbox");
  }
  return key as EncryptedKey;
}

function parseJson(json: Buffer): Partial<EncryptedKey> | undefined {
  try {
    return JSON.parse(json.toString("utf8"));
  } catch {
    return undefined;
  }
}

function deriveKey(passphrase: Buffer, salt: Buffer, cost: { N: number; r: number; p: number }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const limits = { ...cost, maxmem: longestScryptBytes * 2 };
    scrypt(passphrase, salt, 32, limits, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

function missingPassphrase(where: string): DhowError {
  return new DhowError(`the private key ${where} is encrypted`, {
    kind: "invalid-argument",
    hint: "name the file of its passphrase with --sign-passphrase-file",
  });
}

function unreadable(where: string, reason: string): DhowError {
  return new DhowError(`cannot read the private key ${where}: ${reason}`, { kind: "corrupt" });
}
