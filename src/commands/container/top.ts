import { defineCommand } from "../../cli/command.ts";
import { formatTable } from "../../cli/table.ts";
import { showProcesses } from "../../container/processes/top.ts";
import { DhowError } from "../../errors.ts";
import { findTarget, targetOptions } from "./targets.ts";

export const top = defineCommand({
  usage: "[options] CONTAINER [FORMAT-DESCRIPTORS|ARGS...]",
  summary: "Display the running processes of a container",
  description:
    "Display the running processes of a container. The columns may be named as ps(1) and podman do (args, capeff, comm, " +
    "etime, group, hpid, huser, pcpu, pid, seccomp, state, time, user and so on); any other arguments are those of ps(1).",
  examples: ["dhow top ctrID", "dhow top ctrID pid seccomp args %C", "dhow top ctrID -eo user,pid,comm"],
  options: targetOptions,
  operands: { interspersed: false, complete: "running-containers" },
  async run({ options: { latest }, operands }, { engine, out }) {
    if (!latest && operands.length === 0) {
      throw new DhowError("you must provide the name or id of a running container", { kind: "invalid-argument" });
    }
    const { record } = await findTarget(engine, { operands: latest ? [] : operands.slice(0, 1), latest });
    const processes = await showProcesses(engine, record.id, latest ? operands : operands.slice(1));
    if (processes.kind === "text") out.write(processes.text);
    else out.write(formatTable(processes.rows, { narrowest: 5, gap: 3 }));
  },
});
