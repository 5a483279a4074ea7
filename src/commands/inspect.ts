import { defineCommand, type OptionTable } from "../cli/command.ts";
import type { Engine } from "../engine.ts";
import { DhowError, isKind } from "../errors.ts";
import type { Platform } from "../oci/image.ts";
import { platformOption, readPlatform } from "./image/platform-option.ts";
import { isJsonFormat } from "./listing.ts";

type ObjectType = "all" | "container" | "image" | "network" | "pod" | "volume";

const objectTypes: readonly ObjectType[] = ["image", "container", "pod", "volume", "network", "all"];

export const formatOption = {
  format: {
    type: "string",
    short: "f",
    default: "json",
    describe: "Format the output to a Go template or json",
  },
} as const satisfies OptionTable;

const containerOptions = {
  ...formatOption,
  latest: { type: "boolean", short: "l", describe: "Act on the latest container dhow is aware of" },
  size: { type: "boolean", short: "s", describe: "Display total file size" },
} as const satisfies OptionTable;

interface Request {
  readonly operands: readonly string[];
  readonly type: ObjectType;
  readonly format: string;
  readonly latest: boolean;
  readonly size: boolean;
  readonly platform?: Platform | undefined;
}

export const inspect = defineCommand({
  usage: "[options] {CONTAINER|IMAGE|POD|VOLUME|NETWORK} [{CONTAINER|IMAGE|POD|VOLUME|NETWORK}...]",
  summary: "Display the configuration of object denoted by ID",
  description: "Displays the low-level information on an object identified by name or ID.",
  examples: ["dhow inspect fedora", "dhow inspect --type image fedora", "dhow inspect -f '{{.State.Status}}' CtrID"],
  options: {
    ...containerOptions,
    type: { type: "string", short: "t", default: "all", describe: "Specify inspect-object type" },
  },
  operands: { complete: "containers" },
  run: ({ options, operands }, { engine, out }) =>
    showInspected({ ...options, operands, type: readType(options.type) }, { engine, out }),
});

export const inspectContainers = defineCommand({
  usage: "[options] CONTAINER [CONTAINER...]",
  summary: "Display the configuration of a container",
  description: "Displays the low-level information on a container identified by name or ID.",
  examples: ["dhow container inspect myCtr", "dhow container inspect -l --format '{{.Id}} {{.Config.Labels}}'"],
  options: containerOptions,
  operands: { complete: "containers" },
  run: ({ options, operands }, { engine, out }) =>
    showInspected({ ...options, operands, type: "container" }, { engine, out }),
});

export const inspectImages = defineCommand({
  usage: "[options] IMAGE [IMAGE...]",
  summary: "Display the configuration of an image",
  description: "Displays the low-level information of an image identified by name or ID.",
  examples: ["dhow image inspect alpine", "dhow image inspect --format '{{.Id}} {{.Digest}}' alpine"],
  options: { ...formatOption, ...platformOption },
  operands: { complete: "images" },
  run: ({ options: { format, platform }, operands }, { engine, out }) => {
    const request = { operands, format, platform: readPlatform(platform), latest: false, size: false };
    return showInspected({ ...request, type: "image" }, { engine, out });
  },
});

interface Shown {
  readonly engine: Engine;
  readonly out: { write(text: string): void };
}

/** Shows objects as JSON, or by the user's template. @throws {AggregateError} Why some could not be shown. */
export async function showInspected(request: Request, { engine, out }: Shown): Promise<void> {
  checkRequest(request);
  const found: object[] = [];
  const failures: unknown[] = [];
  for (const name of request.latest ? [await latestId(engine, request.type)] : request.operands) {
    try {
      found.push(await inspectOne(engine, name, request));
    } catch (error) {
      failures.push(error);
    }
  }
  if (request.format === "" || isJsonFormat(request.format)) out.write(`${JSON.stringify(found, undefined, 5)}\n`);
  else await showTemplate(found, request.format, out);
  if (failures.length > 0) throw new AggregateError(failures);
}

async function showTemplate(found: readonly object[], format: string, out: Shown["out"]): Promise<void> {
  const { renderObject } = await import("../cli/format.ts");
  const { modernFieldNames, toInspectValue } = await import("./inspect-value.ts");
  const template = modernFieldNames(format);
  for (const each of found)
    out.write(renderObject({ name: "inspect", format: template, dataType: "interface {}" }, toInspectValue(each)));
}

function checkRequest({ operands, type, latest, size }: Request): void {
  const hasOnlyNames = type === "image" || type === "volume" || type === "network";
  if (hasOnlyNames && latest) throw invalid(`latest is not supported for type ${JSON.stringify(type)}`);
  if ((hasOnlyNames || type === "pod") && size) throw invalid(`size is not supported for type ${JSON.stringify(type)}`);
  if (latest && operands.length > 0) throw invalid("--latest and arguments cannot be used together");
  if (!latest && operands.length === 0) throw invalid("no names or ids specified");
}

function readType(text: string): ObjectType {
  const type = objectTypes.find((each) => each === text);
  if (type) return type;
  const choices = objectTypes.map((each) => JSON.stringify(each));
  throw invalid(
    `invalid type ${JSON.stringify(text)}: must be ${choices.slice(0, -1).join(", ")}, or ${choices.at(-1)}`,
  );
}

/** A container before an image of the same name, and that before a volume, a pod and a network, as with podman. */
async function inspectOne(engine: Engine, name: string, { type, size, platform }: Request): Promise<object> {
  if (type === "volume") return inspectVolume(engine, name);
  if (type === "pod") return inspectPodOf(engine, name);
  if (type === "network") return inspectNetwork(engine, name);
  if (type !== "image") {
    const container = await inspectOneContainer(engine, name.replace(/^\//, ""), size);
    if (container) return container;
    if (type === "container") throw notFound(`no such container ${JSON.stringify(name)}`);
  }
  const { findImage } = await import("../image/find.ts");
  const { inspectImage } = await import("../image/inspect.ts");
  try {
    return inspectImage(engine, await findImage(engine, name, platform));
  } catch (error) {
    if (type !== "all" || !isKind(error, "not-found")) throw error;
    return inspectOther(engine, name);
  }
}

async function inspectOther(engine: Engine, name: string): Promise<object> {
  if (engine.volumes.find(name)) return inspectVolume(engine, name);
  if (engine.pods.find(name)) return inspectPodOf(engine, name);
  if (engine.networks.find(name)) return inspectNetwork(engine, name);
  throw notFound(`no such object: ${JSON.stringify(name)}`);
}

async function inspectVolume(engine: Engine, name: string): Promise<object> {
  const { describeVolume } = await import("../volume/list.ts");
  const { aliveContainers } = await import("../container/volume-users.ts");
  const { volumeJson } = await import("./volume/volume-view.ts");
  return volumeJson(describeVolume(engine, name, aliveContainers(engine)));
}

async function inspectNetwork(engine: Engine, name: string): Promise<object> {
  const { membersOf } = await import("../container/networks/members.ts");
  const { inspectedNetwork } = await import("./network/network-view.ts");
  const network = engine.networks.get(name);
  return inspectedNetwork(network, membersOf(engine, network.name));
}

async function inspectOneContainer(engine: Engine, name: string, size: boolean): Promise<object | undefined> {
  const record = engine.containers.find(name);
  if (!record) return undefined;
  const { refreshContainers } = await import("../container/refresh.ts");
  const { inspectContainer } = await import("../container/inspect.ts");
  const [current] = await refreshContainers(engine, [record]);
  return current && inspectContainer(engine, current, { size });
}

async function inspectPodOf(engine: Engine, name: string): Promise<object> {
  const pod = engine.pods.find(name);
  if (!pod) throw notFound(`no such pod ${name}`);
  const { describePod } = await import("../pod/list.ts");
  const { inspectPod } = await import("../pod/inspect.ts");
  return inspectPod(engine, await describePod(engine, pod));
}

async function latestId(engine: Engine, type: ObjectType): Promise<string> {
  if (type === "pod") return (await import("../pod/list.ts")).getLatestPod(engine).id;
  const { listContainers } = await import("../container/list.ts");
  const [latest] = await listContainers(engine, { filters: new Map(), all: true, last: 1 });
  if (latest) return latest.id;
  throw notFound("no containers found: no such container");
}

function notFound(message: string): DhowError {
  return new DhowError(message, { kind: "not-found" });
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
