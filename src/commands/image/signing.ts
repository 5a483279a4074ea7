import type { OptionTable } from "../../cli/command.ts";
import { isTerminal } from "../../cli/output.ts";
import { promptSecret } from "../../cli/prompt.ts";
import { DhowError } from "../../errors.ts";
import type { Signer } from "../../image/sign.ts";

/** How images are signed. */
export const signingOptions = {
  "sign-by": { type: "string", describe: "Sign the image using a GPG key with the specified name" },
  "sign-by-sigstore": {
    type: "string",
    describe: "Sign the image using a sigstore parameter file at the path",
    valueName: "path",
    complete: "files",
  },
  "sign-by-sigstore-private-key": {
    type: "string",
    describe: "Sign the image using a sigstore private key at the path",
    valueName: "path",
    complete: "files",
  },
  "sign-passphrase-file": {
    type: "string",
    describe: "Read the passphrase of the private key from the file",
    valueName: "path",
    complete: "files",
  },
} as const satisfies OptionTable;

type SigningFlags = { readonly [Name in keyof typeof signingOptions]: string | undefined };

/**
 * With what the flags want images to be signed; undefined without any. A passphrase that no file names is asked for on a
 * terminal; gpg asks for itself.
 * @throws {DhowError} `invalid-argument` for several; `unsupported` for what needs a service on the web.
 */
export async function readSigningFlags(flags: SigningFlags): Promise<Signer | undefined> {
  const given = signers.filter((flag) => flags[flag] !== undefined);
  if (given.length === 0) return undefined;
  if (given.length > 1) {
    throw new DhowError(`only one of ${given.map((flag) => `--${flag}`).join(" and ")} can be used at a time`, {
      kind: "invalid-argument",
    });
  }
  const { readPassphraseFile, readSigningKey, readSigningParameters } = await import("../../image/sign.ts");
  const file = flags["sign-passphrase-file"];
  const identity = flags["sign-by"];
  if (identity !== undefined) {
    return { kind: "gpg", identity, passphrase: file === undefined ? undefined : readPassphraseFile(file) };
  }
  const parameters = flags["sign-by-sigstore"];
  const { path, passphraseFile = file } =
    parameters === undefined
      ? { path: flags["sign-by-sigstore-private-key"] ?? "" }
      : await readSigningParameters(parameters);
  const key = await readSigningKey(path, async () => {
    if (passphraseFile !== undefined) return readPassphraseFile(passphraseFile);
    return isTerminal(0) ? Buffer.from(await promptSecret(`Passphrase for key ${path}: `)) : undefined;
  });
  return { kind: "sigstore", key };
}

const signers = ["sign-by", "sign-by-sigstore", "sign-by-sigstore-private-key"] as const;
