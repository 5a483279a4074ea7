import { promptLine } from "./prompt.ts";

/**
 * Asks before something is removed, as podman's prune commands do.
 * @param warning What will happen, as `This will remove all stopped containers.`
 * @returns Whether the answer was yes; no answer at all is none.
 */
export function confirmRemoval(warning: string): boolean {
  try {
    return /^[yY]/.test(promptLine(`WARNING! ${warning}\nAre you sure you want to continue? [y/N] `));
  } catch {
    return false;
  }
}
