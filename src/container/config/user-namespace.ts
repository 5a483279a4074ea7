import type { AutoRequest, UserNamespaceConfig } from "../../model/container-config.ts";
import { findOverlap, type IdRange, insertRange, sortRanges, toHostId } from "../../model/id-ranges.ts";
import type { CallerFacts, UserFlags } from "./flags.ts";
import { podUserNamespace } from "./pod.ts";
import { cut, invalid, unsupported } from "./values.ts";

/**
 * Which ids the container's processes have.
 * @throws {DhowError} `invalid-argument` in podman's words.
 */
export function buildUserNamespace(flags: UserFlags, caller: CallerFacts): UserNamespaceConfig {
  const ofPod = podUserNamespace(flags, caller);
  if (ofPod) return ofPod;
  const mode = flags.userns ?? (caller.environment.DHOW_USERNS || caller.configured.userns || "");
  const hasMaps = flags.uidmap.length + flags.gidmap.length > 0;
  const hasNames = flags.subuidname !== undefined || flags.subgidname !== undefined;
  if (hasMaps || hasNames) {
    if (flags.userns !== undefined && flags.userns !== "private") {
      throw invalid("--userns and --uidmap/--gidmap/--subuidname/--subgidname are mutually exclusive");
    }
    return hasMaps ? givenMaps(flags, caller) : namedRanges(flags, caller);
  }
  const [name, text] = cut(mode, ":");
  switch (name) {
    case "":
    case "host":
      return { mode: "host" };
    case "keep-id":
      return keepId(readOptions("keep-id", text, ["uid", "gid", "size"]), caller);
    case "nomap":
      return { mode: "private", kind: "nomap", uids: [shifted(caller.ids.uids)], gids: [shifted(caller.ids.gids)] };
    case "auto":
      return automatic(readOptions("auto", text, ["size", "uidmapping", "gidmapping"]), caller);
    case "container":
      return joined(caller, text);
    case "ns":
      if (!text) throw invalid('must provide a path to a namespace when specifying "ns:"');
      return {
        mode: "joined",
        path: text,
        uids: caller.idsOfNamespace(text).uids,
        gids: caller.idsOfNamespace(text).gids,
      };
    case "private":
      throw invalid("must provide at least one UID or GID mapping to configure a user namespace");
    default:
      throw invalid(`unrecognized user namespace mode ${JSON.stringify(mode)} passed`);
  }
}

function joined(caller: CallerFacts, nameOrId: string | undefined): UserNamespaceConfig {
  if (!nameOrId) throw invalid('must provide name or ID or a container when specifying "container:"');
  const id = caller.resolveContainer(nameOrId);
  const other = caller.userNamespaceOf(id);
  return other.mode === "host" ? other : { mode: "joined", containerId: id, uids: other.uids, gids: other.gids };
}

/** How many ids there are. */
function count(ranges: readonly IdRange[]): number {
  return ranges.reduce((sum, { size }) => sum + size, 0);
}

/** All ids but that of the user. */
function shifted(own: readonly IdRange[]): IdRange {
  const size = count(own) - 1;
  if (size < 1)
    throw unsupported(
      "a user namespace of its own needs subordinate ids, and you have none",
      "'dhow doctor' shows the line that adds a range",
    );
  return { containerId: 0, hostId: 1, size };
}

function keepId(options: Options, caller: CallerFacts): UserNamespaceConfig {
  const uid = readNumber("keep-id", "uid", options.uid) ?? caller.ids.uid;
  const gid = readNumber("keep-id", "gid", options.gid) ?? caller.ids.gid;
  const size = readNumber("keep-id", "size", options.size);
  return {
    ...{ mode: "private", kind: "keep-id", user: { uid, gid } },
    uids: aroundOwnId(uid, count(caller.ids.uids) - 1, size),
    gids: aroundOwnId(gid, count(caller.ids.gids) - 1, size),
  };
}

/** The user is one id of the container; those below and above are subordinate ones. */
function aroundOwnId(own: number, available: number, size: number | undefined): IdRange[] {
  const total = size === undefined ? available + 1 : Math.min(size, available + 1);
  const below = Math.min(own, available, total);
  const above = Math.max(Math.min(available, total - 1) - own, 0);
  return [
    { containerId: 0, hostId: 1, size: below },
    { containerId: own, hostId: 0, size: 1 },
    { containerId: own + 1, hostId: own + 1, size: above },
  ].filter((range) => range.size > 0);
}

function automatic(options: Options, caller: CallerFacts): UserNamespaceConfig {
  const size = readNumber("auto", "size", options.size);
  const maps = (key: "uidmapping" | "gidmapping", own: readonly IdRange[]) =>
    options[key] === undefined ? [] : [parseMap(options[key].replaceAll("/", ":"), key, own).range];
  const request: AutoRequest = {
    ...(size === undefined ? {} : { size }),
    uids: maps("uidmapping", caller.ids.uids),
    gids: maps("gidmapping", caller.ids.gids),
  };
  shifted(caller.ids.uids);
  return { mode: "private", kind: "auto", uids: [], gids: [], request };
}

interface ParsedMap {
  readonly range: IdRange;
  readonly extends: boolean;
  readonly kinds: readonly ("uid" | "gid")[];
}

/** `--uidmap` and `--gidmap`; if only one is given, it is for both. */
function givenMaps(flags: UserFlags, caller: CallerFacts): UserNamespaceConfig {
  const { ids } = caller;
  const uidMaps = flags.uidmap.map((text) => parseMap(text, "uid", ids.uids));
  const gidMaps = flags.gidmap.map((text) => parseMap(text, "gid", ids.gids));
  const of = (kind: "uid" | "gid") => {
    const [own, others] = kind === "uid" ? [uidMaps, gidMaps] : [gidMaps, uidMaps];
    const isMeant = (map: ParsedMap, standard: boolean) => (map.kinds.length > 0 ? map.kinds.includes(kind) : standard);
    const hasOwn = own.some((map) => isMeant(map, true));
    return [...own.filter((map) => isMeant(map, true)), ...others.filter((map) => isMeant(map, !hasOwn))];
  };
  return { mode: "private", kind: "mapped", uids: combine(of("uid"), ids.uids), gids: combine(of("gid"), ids.gids) };
}

function combine(maps: readonly ParsedMap[], own: readonly IdRange[]): IdRange[] {
  const all: IdRange[] = [{ containerId: 0, hostId: 0, size: count(own) }];
  const isExtension = maps.some((map) => map.extends) || maps.length === 0;
  let ranges: IdRange[] = isExtension ? all : [];
  for (const { range, extends: breaks } of maps) ranges = breaks ? insertRange(ranges, range) : [...ranges, range];
  const overlap = findOverlap(ranges);
  if (overlap) throw invalid(`the mappings ${overlap.map(show).join(" and ")} have ids in common`);
  const outside = ranges.find(({ hostId, size }) => hostId + size > count(own));
  if (outside) throw invalid(`the mapping ${show(outside)} goes beyond the ${count(own)} ids that you have`);
  return sortRanges(ranges);
}

function show({ containerId, hostId, size }: IdRange): string {
  return `${containerId}:${hostId}:${size}`;
}

/** `[+ug]CONTAINER:[@]HOST[:SIZE]`. With @ it is an id of the machine, else one of the user's namespace. */
function parseMap(text: string, what: string, own: readonly IdRange[]): ParsedMap {
  const parts = /^([+ug]*)(\d{1,10}):(@?)(\d{1,10})(?::(\d{1,10}))?$/.exec(text);
  if (!parts)
    throw invalid(`invalid ${what} mapping ${JSON.stringify(text)}: it must be [flags]container-id:from-id[:amount]`);
  const [, flags = "", container, at, host, amount = "1"] = parts;
  const size = Number(amount);
  if (size === 0) throw invalid(`invalid ${what} mapping ${JSON.stringify(text)}: the amount must be greater than 0`);
  const hostId = at === "@" ? fromMachine(Number(host), own) : Number(host);
  if (hostId === undefined)
    throw invalid(`cannot map ${what} ${host} of the host: it is not one of your subordinate ids`);
  return {
    range: { containerId: Number(container), hostId, size },
    extends: flags.includes("+"),
    kinds: [...(flags.includes("u") ? ["uid" as const] : []), ...(flags.includes("g") ? ["gid" as const] : [])],
  };
}

/** The user's own map has the ids of the machine on its far side. */
function fromMachine(id: number, own: readonly IdRange[]): number | undefined {
  const turned = own.map(({ containerId, hostId, size }) => ({ containerId: hostId, hostId: containerId, size }));
  return toHostId(turned, id);
}

/** All the subordinate ids of a name, from 0 on. */
function namedRanges({ subuidname, subgidname }: UserFlags, caller: CallerFacts): UserNamespaceConfig {
  const ranges = (kind: "uid" | "gid", name: string) => {
    const own = kind === "uid" ? caller.ids.uids : caller.ids.gids;
    let next = 0;
    const found = caller.subordinateRanges(kind, name).flatMap(({ start, size }): IdRange[] => {
      const hostId = fromMachine(start, own);
      if (hostId === undefined || fromMachine(start + size - 1, own) === undefined) return [];
      const range = { containerId: next, hostId, size };
      next += size;
      return [range];
    });
    if (found.length === 0)
      throw invalid(`no sub${kind} ranges found for ${JSON.stringify(name)} in /etc/sub${kind} that are yours`);
    return found;
  };
  return {
    ...{ mode: "private", kind: "mapped" },
    uids: ranges("uid", subuidname ?? subgidname ?? ""),
    gids: ranges("gid", subgidname ?? subuidname ?? ""),
  };
}

type Options = Readonly<Partial<Record<string, string>>>;

function readOptions(mode: string, text: string | undefined, known: readonly string[]): Options {
  const entries = (text ?? "").split(",").filter(Boolean);
  return Object.fromEntries(
    entries.map((entry) => {
      const [key, value] = cut(entry, "=");
      if (value === undefined) throw invalid(`invalid ${mode} option ${JSON.stringify(entry)}`);
      if (!known.includes(key)) throw invalid(`unknown option specified: ${JSON.stringify(key)}`);
      return [key, value];
    }),
  );
}

function readNumber(mode: string, key: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,10}$/.test(text)) throw invalid(`could not parse ${mode} option ${key}=${JSON.stringify(text)}`);
  return Number(text);
}
