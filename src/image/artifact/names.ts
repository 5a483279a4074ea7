/** Words of artifacts. @see https://github.com/opencontainers/image-spec/blob/v1.1.0/manifest.md#guidelines-for-artifact-usage */
export const titleAnnotation = "org.opencontainers.image.title";
export const unknownArtifactType = "application/vnd.unknown.artifact.v1";

/** The config of what has none. */
export const emptyConfig = { content: Buffer.from("{}"), mediaType: "application/vnd.oci.empty.v1+json" } as const;
