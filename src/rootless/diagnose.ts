import { readFileSync } from "node:fs";
import { DhowError } from "../errors.ts";

/** A setting of the machine that forbids user namespaces, and the line that allows them. */
export interface Obstacle {
  readonly reason: string;
  readonly fix: string;
}

export type ReadSetting = (path: string) => string | undefined;

/** Looks for the settings that keep a user from making user namespaces. */
export function findObstacle(readSetting: ReadSetting = readSettingFile): Obstacle | undefined {
  const obstacle = obstacles.find(({ path, forbids }) => readSetting(path)?.trim() === forbids);
  return obstacle && { reason: obstacle.reason, fix: obstacle.fix };
}

const permanently = (setting: string) =>
  `echo ${setting} | sudo tee /etc/sysctl.d/90-dhow.conf && sudo sysctl --system`;

const obstacles = [
  {
    path: "/proc/sys/user/max_user_namespaces",
    forbids: "0",
    reason: "user namespaces are switched off (user.max_user_namespaces = 0)",
    fix: permanently("user.max_user_namespaces=15000"),
  },
  {
    path: "/proc/sys/kernel/unprivileged_userns_clone",
    forbids: "0",
    reason: "user namespaces are for root only (kernel.unprivileged_userns_clone = 0)",
    fix: permanently("kernel.unprivileged_userns_clone=1"),
  },
  {
    path: "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    forbids: "1",
    reason: "AppArmor restricts user namespaces (kernel.apparmor_restrict_unprivileged_userns = 1)",
    fix: permanently("kernel.apparmor_restrict_unprivileged_userns=0"),
  },
];

function readSettingFile(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}

/** Says why a namespace could not be made, in terms of the machine's settings where they are the reason. */
export function explainFailure(cause: unknown): DhowError {
  const obstacle = findObstacle();
  if (obstacle) {
    return new DhowError(`cannot make a user namespace: ${obstacle.reason}`, {
      kind: "unavailable",
      cause,
      hint: `allow them: ${obstacle.fix}`,
    });
  }
  return new DhowError("cannot make a user namespace", {
    kind: "unavailable",
    cause,
    hint: "'dhow doctor' shows what this machine lacks; inside of another container engine, allow it nested containers",
  });
}
