// Mocha's spec reporter that also writes the counts as JSON to the file in LAMDAGENT_MOCHA_COUNTS.
const { writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class CountingReporter extends reporters.Spec {
  epilogue() {
    super.epilogue();
    const file = process.env.LAMDAGENT_MOCHA_COUNTS;
    const { passes = 0, failures = 0, pending = 0 } = this.stats;
    if (file) writeFileSync(file, JSON.stringify({ passed: passes, failed: failures, skipped: pending }));
  }
};
