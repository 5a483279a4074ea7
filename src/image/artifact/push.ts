import type { Engine } from "../../engine.ts";
import { formatReference, parseReference, withDefaultTag } from "../../oci/reference.ts";
import { loadRegistriesConfig } from "../../registry/registries-conf.ts";
import { loadPolicy } from "../../trust/policy-file.ts";
import type { CopyEvent } from "../copy-event.ts";
import type { PushedImage } from "../push.ts";
import { connectForPush, type RegistryOptions } from "../registry-image.ts";
import type { Signer } from "../sign.ts";
import { repositoriesOfBlobs } from "../transport/blob-repositories.ts";
import { writeToRegistry } from "../transport/registry-sink.ts";
import { storedManifest } from "../transport/stored-image.ts";
import { recordArtifactEvent } from "./record-event.ts";

export interface PushArtifactOptions extends RegistryOptions {
  readonly signer?: Signer | undefined;
  readonly onEvent?: ((event: CopyEvent) => void) | undefined;
}

/**
 * Copies an artifact to the registry that its name, or another one, says. What the registry has is not sent.
 * @throws {DhowError} `not-found`; as `writeToRegistry`.
 */
export async function pushArtifact(
  engine: Engine,
  source: string,
  destination: string | undefined,
  { signer, onEvent, ...options }: PushArtifactOptions,
): Promise<PushedImage> {
  loadPolicy();
  const artifact = engine.artifacts.get(source);
  const reference = withDefaultTag(parseReference((destination ?? artifact.name).replace(/^docker:\/\//, "")));
  const signing = signer && (await import("../sign.ts"));
  if (signer) await signing?.requireSignaturePlace(reference, signer);
  const client = await connectForPush(loadRegistriesConfig(), reference, options);
  try {
    const { digest, sizeBytes } = await writeToRegistry(
      engine,
      storedManifest(engine, artifact.digest, artifact.name),
      {
        client,
        reference,
        findRepository: repositoriesOfBlobs(engine, reference),
        mayChangeFormat: false,
        onEvent,
      },
    );
    if (signer) await signing?.addSignature(engine, { client, reference }, digest, signer);
    recordArtifactEvent(engine, "push", artifact);
    return { destination: formatReference(reference), digest, sizeBytes, tag: reference.tag };
  } finally {
    await client.close();
  }
}
