/**
 * The last line of the gate, from vitest's JSON report and the exit codes of the two runs.
 *
 *   node .ci/count-tests.mjs REPORT TEST_STATUS STATIC_STATUS
 *
 * Failed are: each failed test; each file that failed with no failed test in it (it could not be loaded, or a hook
 * threw); a test run that failed for no reason the report names, or ran nothing; the static checks, as one.
 */

import { readFileSync } from 'node:fs';

const [report, testStatus, staticStatus] = process.argv.slice(2);
const files = testFilesOf(report);
const passed = countTests('passed');
const failedTests = countTests('failed');
const failedFiles = files.filter(
  (file) => file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed'),
).length;
const isUnexplained = failedTests + failedFiles === 0 && (testStatus !== '0' || passed === 0);
const failed = failedTests + failedFiles + (isUnexplained ? 1 : 0) + (staticStatus === '0' ? 0 : 1);

for (const suite of skippedSuites()) console.log(`Skipped: ${suite}`);
if (isUnexplained) console.log(passed === 0 ? 'No test was run.' : 'The test run failed outside of any test.');
if (staticStatus !== '0') console.log('The static checks failed.');
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function countTests(wanted) {
  return files.flatMap((file) => file.assertionResults).filter(({ status }) => status === wanted).length;
}

/** Suites that say in their name why they were skipped. */
function skippedSuites() {
  const titles = files.flatMap((file) => file.assertionResults).flatMap(({ ancestorTitles }) => ancestorTitles);
  return new Set(titles.filter((title) => title.includes('(skipped: ')));
}

function testFilesOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).testResults;
  } catch (error) {
    // The build failed or vitest died before it wrote its report: that is counted as a failure above.
    console.log(`There is no test report: ${error.message}`);
    return [];
  }
}
