import { readFileSync } from "node:fs";
import { defineCommand } from "../../cli/command.ts";
import { readAllInputBytes } from "../../cli/prompt.ts";
import { DhowError, errnoOf } from "../../errors.ts";
import { createSecret, readVariable } from "../../secret/secrets.ts";
import { readPairs } from "../pairs.ts";

export const create = defineCommand({
  usage: "[options] NAME FILE|-",
  summary: "Create a new secret",
  description:
    "Keeps a secret, read from a file, from stdin (-) or from an environment variable, for containers that get it with --secret.",
  examples: [
    "dhow secret create mysecret /path/to/secret",
    "printf hush | dhow secret create mysecret -",
    "dhow secret create --env mysecret VARIABLE",
  ],
  options: {
    driver: { type: "string", short: "d", default: "file", describe: "Specify secret driver (file, pass, shell)" },
    "driver-opts": {
      type: "string",
      array: true,
      describe: "Specify driver specific options",
      valueName: "stringToString",
    },
    env: { type: "boolean", describe: "Read secret data from environment variable" },
    ignore: {
      type: "boolean",
      describe: "If a secret with the same name exists, ignore and do not create a new secret",
    },
    label: {
      type: "string",
      short: "l",
      array: true,
      describe: "Specify labels on the secret",
      valueName: "stringArray",
    },
    replace: { type: "boolean", describe: "If a secret with the same name exists, replace it" },
  },
  operands: { min: 2, max: 2, complete: "files" },
  run({ options, operands: [name = "", source = ""] }, { engine, out }) {
    const { driver, ignore, replace } = options;
    const content = options.env ? readVariable(source) : readSource(source);
    out.line(
      createSecret(engine, name, content, {
        ...{ driver, ignore, replace },
        driverOptions: readPairs(options["driver-opts"].flatMap((text) => text.split(/,(?=[a-z]+=)/))),
        labels: readPairs(options.label),
      }),
    );
  },
});

function readSource(path: string): Buffer {
  if (path === "-" || path === "/dev/stdin") return readAllInputBytes();
  try {
    return readFileSync(path);
  } catch (cause) {
    const why = errnoOf(cause) === "ENOENT" ? "no such file or directory" : "it cannot be read";
    throw new DhowError(`open ${path}: ${why}`, { kind: "not-found", cause });
  }
}
