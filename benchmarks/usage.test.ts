import assert from 'node:assert/strict';
import { openSync, closeSync } from 'node:fs';
import { openFilesOf, secondsOf, usageOf } from './usage.js';

describe('what a process uses', () => {
  it('is its processor time and its memory', () => {
    const before = usageOf(process.pid);
    const own = process.cpuUsage();
    while (process.cpuUsage(own).user < 40_000);
    const spent = usageOf(process.pid).cpuSeconds - before.cpuSeconds;
    assert.ok(spent >= 0.02 && spent < 5, String(spent));
    const { rss } = process.memoryUsage();
    assert.ok(Math.abs(before.rssBytes - rss) < 0.3 * rss, `${String(before.rssBytes)} ${String(rss)}`);
  });

  it('counts open files', function () {
    const before = openFilesOf(process.pid);
    if (before === null) this.skip();
    const file = openSync('/dev/null', 'r');
    assert.equal(openFilesOf(process.pid), before + 1);
    closeSync(file);
  });

  it("reads ps's times", () => {
    assert.equal(secondsOf('01:02.50'), 62.5);
    assert.equal(secondsOf('1:00:01'), 3601);
    assert.equal(secondsOf('2-00:00:10'), 172_810);
  });
});
