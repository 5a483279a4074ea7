import type { OptionTable } from "../cli/command.ts";

/** Where login and logout keep credentials. */
export const authFileOptions = {
  authfile: {
    type: "string",
    describe: "Path of the authentication file. Use REGISTRY_AUTH_FILE environment variable to override",
    complete: "files",
  },
  "compat-auth-file": {
    type: "string",
    describe: "Path of a Docker-compatible config file to update instead",
    complete: "files",
  },
} as const satisfies OptionTable;

export function readAuthFileFlags(options: { authfile: string | undefined; "compat-auth-file": string | undefined }): {
  authFile: string | undefined;
  compatAuthFile: string | undefined;
} {
  return { authFile: options.authfile, compatAuthFile: options["compat-auth-file"] };
}
