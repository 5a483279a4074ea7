import { defineCommand } from "../../cli/command.ts";
import { policyOption, registryOptions, retryOptions } from "../../cli/options/registry.ts";
import { DhowError } from "../../errors.ts";
import { pushList } from "../../image/manifest-list/push.ts";
import { removeList } from "../../image/manifest-list/remove.ts";
import { readPushFlags } from "../../image/push-flags.ts";
import { collectImageGarbage } from "../../image/remove.ts";
import { showCopy } from "../copy-progress.ts";
import { writeDigestFile } from "../digest-file.ts";
import { readSigningFlags, signingOptions } from "../image/signing.ts";

export const push = defineCommand({
  usage: "[options] LIST [DESTINATION]",
  summary: "Push a manifest list or image index to a specified destination",
  description:
    "Pushes a manifest list to a registry, an archive or a folder, with the images that it names: those that are stored here, and those that lie in other registries. The destination has the form of docker://, oci:, oci-archive: or dir:; without one of these it is a name in a registry, and without any destination it is what the list is called.",
  examples: [
    "dhow manifest push mylist:v1.11 docker://quay.io/myuser/image:v1.11",
    "dhow manifest push mylist:v1.11 oci-archive:/tmp/mylist.tar:v1.11",
  ],
  options: {
    ...registryOptions,
    ...policyOption,
    "add-compression": {
      type: "string",
      array: true,
      describe: "Add each image once more with this compression (gzip, zstd)",
    },
    all: { type: "boolean", default: true, describe: "Also push the images in the list" },
    "compression-format": { type: "string", describe: "Compression format to use (gzip, zstd)", valueName: "format" },
    "compression-level": { type: "number", describe: "Compression level to use (gzip 1-9, zstd 1-22)" },
    digestfile: {
      type: "string",
      describe: "Write the digest of the pushed list to the specified file",
      complete: "files",
    },
    "force-compression": {
      type: "boolean",
      describe: "Compress layers again that have another compression (default with --compression-format)",
    },
    format: {
      type: "string",
      short: "f",
      describe: "Manifest type (oci or v2s2) of the list and its images (default is that of the list)",
    },
    quiet: { type: "boolean", short: "q", describe: "Suppress output information when pushing lists" },
    "remove-signatures": { type: "boolean", describe: "Discard signatures (stored images have none)" },
    ...retryOptions("push"),
    ...signingOptions,
    rm: { type: "boolean", aliases: ["purge"], describe: "Remove the manifest list if the push succeeds" },
  },
  operands: { min: 1, max: 2, complete: "images" },
  async run({ options, operands: [name = "", destination], changed }, { engine, out }) {
    const flags = { ...options, compress: false, "encryption-key": [], "encrypt-layer": [] };
    const settings = readPushFlags(flags, (flag) => changed(flag as keyof typeof options));
    // It may ask for a passphrase: before anything moves on the terminal.
    const signer = await readSigningFlags(options);
    const pushed = await pushList(engine, name, destination, {
      ...settings,
      signer,
      all: options.all,
      addCompression: options["add-compression"].flatMap((value) => value.split(",")).map(readCompression),
      ...(options.quiet ? {} : { watch: () => showCopy(out) }),
    });
    if (options.digestfile !== undefined) writeDigestFile(options.digestfile, pushed.digest);
    if (!options.quiet && pushed.tag !== undefined)
      out.line(`${pushed.tag}: digest: ${pushed.digest} size: ${pushed.sizeBytes}`);
    if (options.rm) {
      removeList(engine, engine.manifestLists.get(name));
      collectImageGarbage(engine);
    }
  },
});

function readCompression(text: string): "gzip" | "zstd" {
  if (text === "gzip" || text === "zstd") return text;
  throw new DhowError(`cannot add compression ${JSON.stringify(text)}`, {
    kind: "invalid-argument",
    hint: "it is gzip or zstd",
  });
}
