import { defineCommand } from "../../cli/command.ts";
import { inspectManifest } from "../../image/manifest-list/inspect.ts";
import { readFindOptions, registryOptions } from "./options.ts";

export const inspect = defineCommand({
  usage: "[options] IMAGE",
  summary: "Display the contents of a manifest list or image index",
  description: "Displays a manifest list that is stored here, else what the name stands for in its registry.",
  examples: ["dhow manifest inspect localhost/list"],
  options: {
    authfile: registryOptions.authfile,
    insecure: { type: "boolean", hidden: true, describe: "Access the registry without TLS verification" },
    "tls-verify": registryOptions["tls-verify"],
    verbose: { type: "boolean", short: "v", hidden: true, describe: "For Docker's sake: everything is shown anyway" },
  },
  operands: { min: 1, max: 1, complete: "images" },
  async run({ options, operands: [name = ""], changed }, { engine, out }) {
    const verify = { "tls-verify": options["tls-verify"] && !options.insecure, authfile: options.authfile };
    const { registry } = readFindOptions(verify, changed("tls-verify") || options.insecure);
    out.line(JSON.stringify(await inspectManifest(engine, name, registry), undefined, 4));
  },
});
