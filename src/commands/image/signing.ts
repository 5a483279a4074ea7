import type { KeyObject } from "node:crypto";
import type { OptionTable } from "../../cli/command.ts";
import { isTerminal } from "../../cli/output.ts";
import { promptSecret } from "../../cli/prompt.ts";
import { DhowError } from "../../errors.ts";

/** How images are signed. */
export const signingOptions = {
  "sign-by": { type: "string", describe: "Sign with a GPG key (refused: dhow makes sigstore signatures)" },
  "sign-by-sigstore": { type: "string", describe: "Sign as a file of parameters says (refused)" },
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
 * The key that the flags name; undefined without one. A passphrase that no file names is asked for on a terminal.
 * @throws {DhowError} `unsupported` for other kinds of signatures.
 */
export async function readSigningFlags(flags: SigningFlags): Promise<KeyObject | undefined> {
  for (const flag of ["sign-by", "sign-by-sigstore"] as const) {
    if (flags[flag] === undefined) continue;
    throw new DhowError(`cannot use --${flag}: dhow signs with sigstore key pairs alone`, {
      kind: "unsupported",
      hint: "use --sign-by-sigstore-private-key",
    });
  }
  const path = flags["sign-by-sigstore-private-key"];
  const file = flags["sign-passphrase-file"];
  if (path === undefined) return undefined;
  const { readPassphraseFile, readSigningKey } = await import("../../image/sign.ts");
  return readSigningKey(path, async () => {
    if (file !== undefined) return readPassphraseFile(file);
    return isTerminal(0) ? Buffer.from(await promptSecret(`Passphrase for key ${path}: `)) : undefined;
  });
}
