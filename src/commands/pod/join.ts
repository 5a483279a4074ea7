import type { CommandContext } from "../../cli/command.ts";
import { type JoinedPod, usualShares } from "../../container/config/pod.ts";
import { removePod } from "../../container/remove.ts";
import { isRunning } from "../../container/state.ts";
import type { Engine, PodRecord } from "../../engine.ts";
import { invalid, readPodIdFile } from "./targets.ts";

/** What becomes of a new container by its pod. */
export interface PodJoining {
  readonly pod: JoinedPod | undefined;
  /** Values that take the places of flags which have been given to the pod. */
  readonly flags: Readonly<Record<string, undefined | readonly never[] | false>>;
  /** Removes a pod that was made for the container. */
  undo(): Promise<void>;
}

interface GivenPod {
  readonly options: { readonly pod: string | undefined; readonly "pod-id-file": string | undefined };
  changed(name: string): boolean;
}

const alone: PodJoining = { pod: undefined, flags: {}, undo: async () => undefined };

/**
 * Finds the pod that a command line wants its container in; `--pod new:NAME` makes one, which gets the flags of the
 * container that are about the network, the hostname and the like.
 * @throws {DhowError} `not-found`; `invalid-argument`.
 */
export async function joinPod(given: GivenPod, context: CommandContext): Promise<PodJoining> {
  const { pod: name, "pod-id-file": file } = given.options;
  if (name !== undefined && file !== undefined) throw invalid("cannot specify both --pod and --pod-id-file");
  const wanted = file === undefined ? name : readPodIdFile(file);
  if (wanted === undefined || wanted === "") return alone;
  if (file === undefined && wanted.startsWith("new:")) return joinNewPod(given, wanted.slice("new:".length), context);
  const { engine } = context;
  return { ...alone, pod: describeJoined(engine, engine.pods.get(wanted)) };
}

/** Flags that a new pod takes over, and what the container has in their places. */
const takenOver: PodJoining["flags"] = {
  ...{ network: [], publish: [], dns: [], "dns-option": [], "dns-search": [], "add-host": [] },
  ...{ "hosts-file": undefined, "no-hosts": false, "no-hostname": false, hostname: undefined, userns: undefined },
  ...{ ip: undefined, ip6: undefined, "mac-address": undefined, "network-alias": [] },
  ...{ uidmap: [], gidmap: [], subuidname: undefined, subgidname: undefined },
};

async function joinNewPod({ options, changed }: GivenPod, name: string, context: CommandContext): Promise<PodJoining> {
  if (name === "") throw invalid("new pod name must be at least one character");
  const { buildPodRequest } = await import("./pod-request.ts");
  const { createPod } = await import("../../pod/create.ts");
  const { engine } = context;
  const passedOn = [...Object.keys(takenOver), "cpus", "cpuset-cpus", "pid", "restart"];
  const given = new Map(Object.entries(options));
  const request = buildPodRequest(
    {
      name,
      infra: { name: undefined, command: undefined, image: undefined },
      shares: usualShares,
      sharesParent: true,
      exitPolicy: "continue",
      flags: Object.fromEntries(passedOn.map((flag) => [flag, given.get(flag)])),
      changed: (flag) => passedOn.includes(flag) && changed(flag),
    },
    context,
  );
  const pod = await createPod(engine, request);
  return {
    pod: describeJoined(engine, pod),
    flags: takenOver,
    undo: async () => void (await removePod(engine, pod.id, { force: true })),
  };
}

function describeJoined({ containers }: Pick<Engine, "containers">, { id, config }: PodRecord): JoinedPod {
  const members = containers.listOfPod(id);
  return {
    id,
    config,
    infra: members.find((member) => member.id === config.infraId)?.config,
    isRunning: members.some(({ state }) => isRunning(state)),
  };
}
