/**
 * Times dhow and podman side by side: for each row some rounds of hyperfine in turns, medians over all runs, their ratio and
 * the budget of docs/architecture.md. Started by scripts/bench.
 */
import { engines } from "./engines.ts";
import { report } from "./report.ts";
import { rows } from "./rows.ts";

const wanted = process.argv.slice(2);
const chosen = rows.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (chosen.length === 0) {
  console.error(`bench: no such row; there are: ${rows.map(({ name }) => name).join(" ")}`);
  process.exit(2);
}

const { dhow, podman, close } = await engines();
try {
  for (const row of chosen) {
    const result = await row.measure({ dhow, podman });
    report(row, result);
  }
} finally {
  await close();
}
