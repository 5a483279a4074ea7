import { describe, expect, it } from "vitest";
import type { ContainerConfig } from "../../src/model/container-config.ts";
import type { PodMembership } from "../../src/model/pod-config.ts";
import { podStatus } from "../../src/pod/status.ts";
import type { ContainerState } from "../../src/storage/containers.ts";

function container(state: ContainerState, role: PodMembership["role"] = "member") {
  return { state, init: undefined, config: { pod: { id: "p", role } } as unknown as ContainerConfig };
}

describe("podStatus()", () => {
  it.each<[ContainerState[], string]>([
    [[], "Created"],
    [["created", "created"], "Created"],
    [["running", "running"], "Running"],
    [["running", "exited"], "Degraded"],
    [["running", "paused"], "Degraded"],
    [["paused", "paused"], "Paused"],
    [["exited", "exited"], "Exited"],
    [["exited", "created"], "Stopped"],
    [["exited", "paused"], "Stopped"],
    [["created", "removing"], "Error"],
  ])("of %j is %s", (states, expected) => {
    expect(podStatus(states.map((state) => container(state)))).toBe(expected);
  });

  it("does not count init containers", () => {
    expect(podStatus([container("running"), container("exited", "init-always")])).toBe("Running");
  });
});
