import type { OptionTable } from "../command.ts";
import { buildImageOptions } from "./build/image.ts";
import { buildInputOptions } from "./build/input.ts";
import { buildResultOptions } from "./build/result.ts";
import { buildStepOptions } from "./build/steps.ts";
import { acceptedBuildOptions, refusedBuildOptions } from "./build/unsupported.ts";

/** Every flag of `build`. */
export const buildOptions = {
  ...buildInputOptions,
  ...buildImageOptions,
  ...buildResultOptions,
  ...buildStepOptions,
  ...acceptedBuildOptions,
  ...refusedBuildOptions,
} as const satisfies OptionTable;
