import { DhowError } from "../errors.ts";
import { isJsonFormat } from "./listing.ts";

/** What is mounted is listed as rows or as JSON. @throws {DhowError} `invalid-argument` for another --format. */
export function checkMountFormat(format: string | undefined): void {
  if (!format || isJsonFormat(format)) return;
  throw new DhowError(`unknown --format argument: ${JSON.stringify(format)}`, { kind: "invalid-argument" });
}
