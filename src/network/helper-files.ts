import type { NetworkState } from "./network.ts";

/** Files of a container's network in its run folder. */
export function networkFiles(runDirectory: string) {
  return {
    netns: `${runDirectory}/netns`,
    pidFile: `${runDirectory}/network.pid`,
    socket: `${runDirectory}/slirp.sock`,
    log: `${runDirectory}/network.log`,
    ready: `${runDirectory}/network.ready`,
  };
}

/** Makes a network namespace and binds it to a file. One sh that becomes unshare: a program less than touch and unshare. */
export function makeNamespace(netns: string): readonly [string, ...string[]] {
  return ["sh", "-c", ': >"$1" && exec unshare --net="$1" true', "sh", netns];
}

export function networkState(kind: NetworkState["kind"], runDirectory: string): NetworkState {
  const { netns, pidFile } = networkFiles(runDirectory);
  return { kind, netns, pidFile };
}
