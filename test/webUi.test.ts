import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { MOST_BYTES } from '../domain/markdown.js';
import { missingBrowser, openWatched, startBrowser } from './browser.js';
import { temporalProgram } from './harness.js';
import { FAILED, NAME, REJECTED, RUNNING, startWebUiWorld, type WebUiWorld } from './webUiWorld.js';

/** The Web UI loads its pages and data piece by piece, slowly on a busy machine. */
const SEEN_MS = 60_000;
const QUERY = `ExplorationName="${NAME}"`;
const DETAILS = { summary: 'summary', details: 'details', current: 'current-details' } as const;

const run = promisify(execFile);

describe("an exploration in Temporal's own Web UI, without any command of ours", function () {
  this.timeout(300_000);
  let browser: Browser;
  let world: WebUiWorld;
  before(async function () {
    const missing = await missingBrowser();
    if (missing !== null) {
      console.error(`      skipped: ${missing}`);
      this.skip();
    }
    browser = await startBrowser();
    world = await startWebUiWorld();
  });
  after(async () => {
    await browser?.close();
    await world?.close();
  });

  async function look(url: string, use: (page: Page) => Promise<void>): Promise<void> {
    const { page } = await openWatched(browser, url, { viewport: { width: 1500, height: 1200 } });
    page.setDefaultTimeout(SEEN_MS);
    try {
      await use(page);
    } finally {
      await page.context().close();
    }
  }
  const sees = (page: Page, text: string | RegExp): Promise<void> =>
    page.getByText(text).first().waitFor({ state: 'visible' });
  const details = (page: Page, of: keyof typeof DETAILS) =>
    page.frameLocator(`#user-metadata-${DETAILS[of]}`).locator('body');
  async function reads(page: Page, of: keyof typeof DETAILS, text: string | RegExp): Promise<void> {
    await details(page, of).filter({ hasText: text }).waitFor();
  }

  it('lists the exploration and its trials by its name, in the UI and by `temporal`', async () => {
    const trial = world.trialId(3);
    await look(world.listUrl(QUERY), async (page) => {
      await sees(page, world.handle.workflowId);
      await sees(page, trial);
    });
    const address = ['--address', world.server.address, '--limit', '50'];
    const { stdout } = await run(temporalProgram(), ['workflow', 'list', ...address, '--query', QUERY]);
    for (const id of [world.handle.workflowId, trial, world.trialId(RUNNING)])
      assert.ok(stdout.includes(id), id);
  });

  it('finds failed trials, and trials by number, kind, split and score', async () => {
    const ids = async (query: string): Promise<readonly string[]> => {
      const found: string[] = [];
      for await (const { workflowId } of world.server.client.workflow.list({ query })) found.push(workflowId);
      return found;
    };
    assert.deepEqual(await ids(`${QUERY} AND TrialStatus != "completed"`), [world.trialId(FAILED)]);
    assert.deepEqual(await ids(`${QUERY} AND TrialNumber = 4`), [world.trialId(4)]);
    assert.deepEqual(await ids(`${QUERY} AND TrialKind = "merge"`), [world.trialId(4)]);
    assert.deepEqual(await ids(`TrialScore > 0.535 AND Split = "search"`), [world.trialId(4)]);
    assert.deepEqual(await ids(`${QUERY} AND Phase = "searching"`), [world.handle.workflowId]);
    assert.deepEqual(await ids(`BestScore > 0.5`), [world.handle.workflowId]);
  });

  it('shows what is asked for, and the leaderboard while it runs', async () => {
    await look(await world.pageUrl(world.handle.workflowId, 'user-metadata'), async (page) => {
      await reads(page, 'summary', 'exploration quickstart: 5 trials, seed 1');
      await reads(page, 'details', 'constraints: guard at least base - 0.02');
      await reads(page, 'current', /quickstart searching: 5 trials completed, 1 failed, 1 running/);
      await reads(page, 'current', 'running t0006: SFT learningRate=0.0001');
      const rows = await details(page, 'current').locator('table tbody tr').allInnerTexts();
      assert.match(rows[0] ?? '', /1\s+t0004\s+0\.5400 ± 0\.0100\s+yes\s+merge method=linear/);
      assert.equal(rows.length, 5);
    });
  });

  it('says in the timeline what each activity and timer is for', async () => {
    await look(await world.pageUrl(world.handle.workflowId, 'timeline'), async (page) => {
      await sees(page, /waits for t0006, then looks/);
      await sees(page, /decide t0006/);
    });
    const summaries = await summariesOf(world, world.handle.workflowId);
    assert.deepEqual(
      summaries.filter(({ summary }) => summary === null),
      [],
      'each activity, timer and child has a summary',
    );
    for (const expected of [
      /^ask which search attributes/,
      /^decide t0006 \(decision 4\)$/,
      /^write t0005 \(rejected\) to the ledger: DPO beta=0\.5/,
      /^waits for t0006, then looks whether they still run$/,
    ])
      assert.ok(
        summaries.some(({ summary }) => expected.test(summary ?? '')),
        `${String(expected)}: ${JSON.stringify(summaries)}`,
      );
    for (const { summary } of summaries)
      assert.ok(Buffer.byteLength(summary ?? '') <= MOST_BYTES.staticSummary);
  });

  it('shows a trial: what it is, what is done now, and how far it is', async () => {
    await look(await world.pageUrl(world.trialId(RUNNING), 'user-metadata'), async (page) => {
      await reads(page, 'summary', 't0006 SFT learningRate=0.0001');
      await reads(page, 'details', /proposed by\s*the policy, decision 4/);
      await reads(page, 'current', /t0006 SFT .* making SFT; 0 of 1 stages made/);
    });
    await look(await world.pageUrl(world.trialId(RUNNING), 'pending-activities'), async (page) => {
      for (const name of ['step', 'steps', 'loss', 'tokensPerS', 'checkpoint', 'etaS'])
        await sees(page, new RegExp(`"?${name}"?`));
      await sees(page, /5120\.5/);
    });
  });

  it('shows a failed trial: what failed, why, and what to do', async () => {
    await look(await world.pageUrl(world.trialId(FAILED), 'user-metadata'), async (page) => {
      await reads(page, 'current', 'failed: rejected');
      await reads(page, 'current', REJECTED);
      await reads(page, 'current', 'What to do: Its data or settings can never work');
    });
  });

  it('describes each message that a person may send', async () => {
    const { definition } = await metadataOf(world);
    const described = [...(definition?.updateDefinitions ?? []), ...(definition?.queryDefinitions ?? [])];
    for (const name of [
      'pause',
      'resume',
      'stop',
      'steer',
      'budget',
      'propose',
      'retry',
      'status',
      'leaderboard',
    ])
      assert.ok((described.find((one) => one.name === name)?.description ?? '').length > 10, name);
  });

  it('ends with the result', async () => {
    await world.finish();
    await look(await world.pageUrl(world.handle.workflowId, 'user-metadata'), async (page) => {
      await reads(page, 'current', /Result:\s*no improvement found, the base is kept/);
    });
    const kinds = (await summariesOf(world, world.handle.workflowId)).map(({ summary }) => summary);
    assert.ok(kinds.includes('choose the champion of t0006, t0004 on the confirm split'), kinds.join('\n'));
  });
});

/** How the SDK marks them in a history. */
const LOCAL_ACTIVITY = 'core_local_activity';

interface Summarised {
  readonly event: string;
  readonly summary: string | null;
}

/** Of all events that a person reads in the timeline. */
async function summariesOf(world: WebUiWorld, workflowId: string): Promise<readonly Summarised[]> {
  const { events } = await world.server.client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap((event) => {
    const [kind] = [
      event.activityTaskScheduledEventAttributes?.activityType?.name,
      event.timerStartedEventAttributes === null || event.timerStartedEventAttributes === undefined
        ? undefined
        : 'timer',
      event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowType?.name,
      event.markerRecordedEventAttributes?.markerName === LOCAL_ACTIVITY ? 'local activity' : undefined,
    ].filter((one) => one !== undefined && one !== null);
    if (kind === undefined) return [];
    const data = event.userMetadata?.summary?.data;
    const summary = data ? (JSON.parse(Buffer.from(data).toString('utf8')) as string) : null;
    return [{ event: kind, summary }];
  });
}

interface Definition {
  readonly name?: string;
  readonly description?: string;
}
interface Metadata {
  readonly definition?: {
    readonly queryDefinitions?: readonly Definition[];
    readonly updateDefinitions?: readonly Definition[];
  };
}

async function metadataOf({ handle }: WebUiWorld): Promise<Metadata> {
  return handle.query<Metadata>('__temporal_workflow_metadata');
}
