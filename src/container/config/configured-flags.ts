import type { CallerFacts, ContainerFlags } from "./flags.ts";

type Configurable = Pick<ContainerFlags, "read-only" | "ulimit" | "oom-score-adj">;

/** The flags with what configuration files say where the user says nothing. A score that is too low for a user is told. */
export function withConfigured<Flags extends Configurable>(
  flags: Flags,
  changed: (name: string) => boolean,
  { configured, oomScoreAdj: own, warn }: CallerFacts,
): Flags {
  const score = flags["oom-score-adj"];
  if (score !== undefined && score < own) {
    warn(`Requested oom_score_adj=${score} is lower than the current one, changing to ${own}`);
  }
  return {
    ...flags,
    "read-only": changed("read-only") ? flags["read-only"] : (configured.readOnly ?? false),
    ulimit: [...(configured.ulimits ?? []), ...flags.ulimit],
    "oom-score-adj": score ?? configured.oomScoreAdj,
  };
}
