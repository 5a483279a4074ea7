import { toMap } from "../../cli/template/values.ts";
import type { Descriptor } from "../../oci/image.ts";
import type { artifactJson } from "./artifact-view.ts";

/** What a template sees of an inspected artifact: fields with Go's names. */
export function artifactTemplateValue({ Manifest, Name, Digest }: ReturnType<typeof artifactJson>): object {
  return {
    Manifest: {
      SchemaVersion: Manifest.schemaVersion,
      MediaType: Manifest.mediaType ?? "",
      ArtifactType: Manifest.artifactType ?? "",
      Config: descriptorValue(Manifest.config),
      Layers: Manifest.layers.map(descriptorValue),
      Annotations: toMap(Manifest.annotations ?? {}),
    },
    Name,
    Digest,
  };
}

function descriptorValue({ mediaType, digest, size, urls, annotations, artifactType }: Descriptor): object {
  return {
    MediaType: mediaType,
    Digest: digest,
    Size: size,
    URLs: urls ?? [],
    Annotations: toMap(annotations ?? {}),
    ArtifactType: artifactType ?? "",
  };
}
