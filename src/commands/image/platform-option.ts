import type { OptionTable } from "../../cli/command.ts";
import type { Platform } from "../../oci/image.ts";
import { parsePlatform } from "../../oci/platform.ts";

/** Which image of a name that stands for several. */
export const platformOption = {
  platform: {
    type: "string",
    describe: "The platform of the image, where the name stands for several",
    valueName: "os/arch[/variant]",
  },
} as const satisfies OptionTable;

/** @throws {DhowError} `invalid-argument`. */
export function readPlatform(text: string | undefined): Platform | undefined {
  return text === undefined ? undefined : parsePlatform(text);
}
