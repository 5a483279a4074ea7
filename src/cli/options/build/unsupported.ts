import type { OptionSpec, OptionTable } from "../../command.ts";

const text = (describe: string): OptionSpec => ({ type: "string", array: true, hidden: true, describe });
const toggle = (describe: string): OptionSpec => ({ type: "boolean", hidden: true, describe });

/** Flags of podman build and docker buildx build that are known and refused, with the reason as their text. */
export const refusedBuildOptions = {
  "all-platforms": toggle("name the platforms with --platform"),
  builder: text("there is one builder, which needs no name"),
  "cgroup-parent": text("steps get a cgroup of their own"),
  "created-annotation": toggle("no image gets the annotation org.opencontainers.image.created"),
  cw: text("dhow makes no images for confidential workloads"),
  "decryption-key": text("dhow does not read encrypted images"),
  "disable-compression": {
    type: "boolean",
    short: "D",
    hidden: true,
    describe: "layers are compressed when they are pushed",
  },
  "hooks-dir": text("steps run without OCI hooks"),
  logsplit: toggle("give each platform a build of its own"),
  policy: text("source policies are not read"),
  resource: text("limit the steps with --memory, --cpu-quota and the like"),
  "sbom-image-output": text("--sbom adds an attestation to the image"),
  "sbom-image-purl-output": text("--sbom adds an attestation to the image"),
  "sbom-merge-strategy": text("--sbom needs no scanner"),
  "sbom-output": text("--sbom adds an attestation to the image"),
  "sbom-purl-output": text("--sbom adds an attestation to the image"),
  "sbom-scanner-command": text("--sbom needs no scanner"),
  "sbom-scanner-image": text("--sbom needs no scanner"),
  "sign-by": text("sign the image when it is pushed: dhow push --sign-by"),
  "userns-gid-map-group": text("write the map with --userns-gid-map"),
  "userns-uid-map-user": text("write the map with --userns-uid-map"),
} as const satisfies OptionTable;

/** Flags that stand for what dhow does anyway. */
export const acceptedBuildOptions = {
  compress: toggle("Docker's classic builder alone has it"),
  debug: toggle("docker buildx's debugging of the client"),
  "disable-content-trust": toggle("Docker's image signing, which neither podman nor dhow has"),
  "force-rm": { ...toggle("nothing of a step stays behind"), default: true },
  rm: { ...toggle("nothing of a step stays behind"), default: true },
} as const satisfies OptionTable;
