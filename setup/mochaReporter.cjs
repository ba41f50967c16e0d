// Mocha's spec reporter that also writes the counts, and the names of what failed, as JSON to the file in LAMDAGENT_MOCHA_COUNTS.
const { writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class CountingReporter extends reporters.Spec {
  epilogue() {
    super.epilogue();
    const file = process.env.LAMDAGENT_MOCHA_COUNTS;
    const { passes = 0, failures = 0, pending = 0 } = this.stats;
    const names = this.failures.map((one) => one.titlePath().join(': '));
    const counts = { passed: passes, failed: failures, skipped: pending, names };
    if (file) writeFileSync(file, JSON.stringify(counts));
  }
};
