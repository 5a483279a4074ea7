import type { SecretRecord } from "../../engine.ts";

/** What `secret inspect` shows. @param content Shown as text, if it is given. */
export function secretJson(
  { id, name, driver, driverOptions, labels, createdAt, updatedAt }: SecretRecord,
  content?: Buffer,
): object {
  return {
    ID: id,
    CreatedAt: createdAt.toISOString(),
    UpdatedAt: updatedAt.toISOString(),
    Spec: { Name: name, Driver: { Name: driver, Options: driverOptions }, Labels: labels },
    ...(content === undefined ? {} : { SecretData: content.toString("utf8") }),
  };
}
