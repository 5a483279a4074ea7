import { defineCommand } from "../../cli/command.ts";
import { formatTable } from "../../cli/table.ts";
import { showPodProcesses } from "../../pod/top.ts";
import { findPods, invalid, latestOption } from "./targets.ts";

export const top = defineCommand({
  usage: "[options] POD [FORMAT-DESCRIPTORS|ARGS...]",
  summary: "Display the running processes of containers in a pod",
  description:
    "Display the running processes of containers in a pod. The columns may be named as for 'dhow top'; any other arguments are those of ps(1).",
  examples: ["dhow pod top podID", "dhow pod top podID pid seccomp args %C", "dhow pod top podID -eo user,pid,comm"],
  options: latestOption,
  operands: { interspersed: false, complete: "pods" },
  async run({ options: { latest }, operands }, { engine, out }) {
    if (!latest && operands.length === 0) throw invalid("you must provide the name or id of a running pod");
    const [pod] = findPods(engine, { operands: latest ? [] : operands.slice(0, 1), latest });
    if (!pod) return;
    const processes = await showPodProcesses(engine, pod.id, latest ? operands : operands.slice(1));
    if (processes.kind === "text") out.write(processes.text);
    else out.write(formatTable(processes.rows, { narrowest: 12, gap: 2 }));
  },
});
