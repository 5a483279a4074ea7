import manifest from "../package.json" with { type: "json" };

/** Put in by scripts/build.mjs; not there when the sources run as they are. */
declare const DHOW_BUILT_AT: number | undefined;

/** The version of this dhow, as in its package. */
export const version: string = manifest.version;

/** When this dhow was built, in seconds since 1970; 0 when it was not. */
export const builtAtSeconds: number = typeof DHOW_BUILT_AT === "number" ? DHOW_BUILT_AT : 0;
