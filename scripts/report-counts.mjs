import { readFileSync } from "node:fs";

/**
 * Prints "N passed, N failed, N skipped" from vitest's JSON report, and fails if anything failed or nothing ran.
 * A test file that could not be loaded counts as one failure.
 */
function reportCounts(path) {
  let files;
  try {
    files = JSON.parse(readFileSync(path, "utf8")).testResults;
  } catch {
    console.log("0 passed, 1 failed, 0 skipped");
    return 1;
  }
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of files) {
    for (const { status } of file.assertionResults) {
      counts[status === "passed" || status === "failed" ? status : "skipped"]++;
    }
    const blamed = file.assertionResults.some(({ status }) => status === "failed");
    if (file.status === "failed" && !blamed) counts.failed++;
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}

process.exitCode = reportCounts(process.argv[2]);
