import type { Engine } from "../engine.ts";
import { DhowError, isKind } from "../errors.ts";
import { checkName } from "../model/object-name.ts";
import type { VolumeRecord } from "../storage/volumes.ts";
import { randomHex } from "../system/random.ts";
import { planDriverOptions } from "./driver-options.ts";

export interface CreateVolumeOptions {
  /** Undefined for one that is made up: the volume is anonymous then. */
  readonly name: string | undefined;
  /** Whether the name was made up by the caller. */
  readonly anonymous?: boolean;
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Owner of its folder; undefined for what the options say, else root of the user's namespace. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** A volume of that name that exists is taken as it is. */
  readonly ignore: boolean;
}

type VolumeEngine = Pick<Engine, "volumes" | "events">;

/**
 * Records a volume and makes its empty folder.
 * @throws {DhowError} `already-exists`; `invalid-argument` for a name or an option that is none; `unsupported` for drivers
 * other than `local`.
 */
export function createVolume({ volumes, events }: VolumeEngine, request: CreateVolumeOptions): VolumeRecord {
  const { driver, labels, ignore } = request;
  const name = request.name === undefined ? randomHex(32) : checkName(request.name);
  if (ignore) {
    const existing = volumes.find(name);
    if (existing?.name === name) return existing;
  }
  checkDriver(name, driver);
  const plan = planDriverOptions(request.options);
  const uid = request.uid ?? plan.uid;
  const gid = request.gid ?? plan.gid;
  try {
    const volume = volumes.add({
      ...{ name, labels, options: plan.options, mount: plan.mount, createdAt: new Date() },
      anonymous: request.anonymous ?? request.name === undefined,
      uid: uid ?? 0,
      gid: gid ?? 0,
      needsCopyUp: plan.copies,
      needsChown: uid === undefined && gid === undefined,
    });
    events.append({ type: "volume", status: "create", id: "", name, attributes: labels });
    return volume;
  } catch (error) {
    // Somebody else was faster.
    if (ignore && isKind(error, "already-exists")) return volumes.get(name);
    throw error;
  }
}

function checkDriver(name: string, driver: string): void {
  if (driver === "local" || driver === "") return;
  if (driver === "image") {
    throw new DhowError("the volume driver image is not supported", {
      kind: "unsupported",
      hint: "mount the image itself: --mount type=image,source=IMAGE,destination=PATH",
    });
  }
  throw new DhowError(
    `volume ${name} uses volume plugin ${driver} but it could not be retrieved: no volume plugin with name ${driver} available: required plugin missing`,
    { kind: "unsupported", hint: "dhow has the driver local and no plugins" },
  );
}
