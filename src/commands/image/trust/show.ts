import { defineCommand } from "../../../cli/command.ts";
import { formatTable } from "../../../cli/table.ts";
import { describeTrust, readRawPolicy, type TrustEntry } from "../../../image/trust.ts";
import { policyPathOption } from "./options.ts";

export const show = defineCommand({
  usage: "[options] [REGISTRY]",
  summary: "Show the trust policy",
  description: "Shows what the signature policy asks of images, for all registries or for one.",
  options: {
    json: { type: "boolean", short: "j", describe: "Output as json" },
    noheading: { type: "boolean", short: "n", describe: "Do not print column headings" },
    ...policyPathOption,
    raw: { type: "boolean", describe: "Output the policy file as it is" },
    registrypath: { type: "string", hidden: true, describe: "Folder of registries.d" },
  },
  operands: { max: 1 },
  needsNamespace: false,
  async run({ options, operands }, { out }) {
    const paths = { policyPath: options["signature-policy"], registriesPath: options.registrypath };
    if (options.raw) {
      out.line(readRawPolicy(paths).trimEnd());
      return;
    }
    const all = await describeTrust(paths);
    const [registry] = operands;
    const entries = registry === undefined ? all : all.filter(({ name }) => name === registry);
    if (options.json) out.line(JSON.stringify(entries.map(asJson), undefined, 2));
    else out.write(formatTable([...(options.noheading ? [] : [headings]), ...entries.map(asRow)]));
  },
});

const headings = ["TRANSPORT", "NAME", "TYPE", "ID", "STORE"];

function asRow({ transport, repositoryName, type, keyId, store }: TrustEntry): string[] {
  return [transport, repositoryName, type, keyId, store];
}

/** Empty fields are left out, as Podman does. */
function asJson({ transport, name, repositoryName, type, keyId, store }: TrustEntry): object {
  return {
    transport,
    ...(name === "" ? {} : { name }),
    ...(repositoryName === "" ? {} : { repo_name: repositoryName }),
    ...(store === "" ? {} : { sigstore: store }),
    type,
    ...(keyId === "" ? {} : { gpg_id: keyId }),
  };
}
