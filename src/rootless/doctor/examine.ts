import type { Check, Finding, Machine } from "./check.ts";
import { namespaceChecks } from "./namespaces.ts";
import { programChecks } from "./programs.ts";
import { resourceChecks } from "./resources.ts";

/** Every prerequisite that dhow knows, in the order in which they are shown. */
export const checks: readonly Check[] = [...namespaceChecks, ...programChecks, ...resourceChecks];

export interface Diagnosis extends Finding, Pick<Check, "id" | "title" | "why"> {}

/** Examines all prerequisites, one after the other. */
export async function examineMachine(machine: Machine): Promise<Diagnosis[]> {
  const diagnoses: Diagnosis[] = [];
  for (const check of checks) {
    const { id, title, why } = check;
    diagnoses.push({ id, title, why, ...(await check.examine(machine)) });
  }
  return diagnoses;
}

/** Whether containers can run. */
export function canRunContainers(diagnoses: readonly Finding[]): boolean {
  return diagnoses.every(({ status }) => status !== "missing");
}
