import { deviceText } from '../../domain/attemptPlace.js';
import { derivationText, derivedRowsText } from '../../domain/data/derivationText.js';
import { missingScores, missingText } from '../../domain/missing.js';
import type { HubPin } from '../../domain/plan.js';
import { RECIPE_VERSIONS } from '../../domain/stage.js';
import type { StoredExploration } from '../ledger/read.js';
import { downloads, type Derived } from './downloads.js';
import { evaluatorEntries } from './evaluators.js';
import { clipped } from './format.js';
import { html, type Markup } from './html.js';

/** What the figures hang on: seeds, versions, hashes; and the figures as files. */
export function identitySection(found: StoredExploration, derived: Derived): Markup {
  const { plan, pointer } = found;
  return html`<section aria-labelledby="identity">
    <h2 id="identity">Data and identity</h2>
    ${downloads(found, derived)}
    <dl>
      ${entry('Exploration', plan.explorationId)} ${entry('Workflow', pointer.workflowId)}
      ${entry('Started', pointer.startedAt)} ${entry('Seed', plan.seed)} ${entry('Policy', policyText(found))}
      ${entry('Recipe versions', versionsText())}
      ${plan.models.map(({ name, weightsSha256, parameterCount, hub }) =>
        entry(
          `Model ${clipped(name, 80)} (${millions(parameterCount)} parameters)`,
          `${weightsSha256}${hubText(hub)}`,
        ),
      )}
      ${plan.datasets.map(({ name, stageId, rows, derivation, hub }) =>
        derivation === undefined
          ? entry(`Dataset ${clipped(name, 80)} (${String(rows)} rows)`, `${stageId}${hubText(hub)}`)
          : entry(
              `Dataset ${clipped(name, 80)} (${derivedRowsText(derivation, rows)})`,
              `${stageId}, ${clipped(derivationText(derivation), 200)}`,
            ),
      )}
      ${plan.benchmarks.map(({ name, metric, splits }) =>
        entry(
          `Benchmark ${clipped(name, 80)} (${metric})`,
          Object.entries(splits)
            .map(([split, one]) => `${split} ${String(one.items)} items ${one.stageId.slice(0, 16)}`)
            .join(', '),
        ),
      )}
      ${evaluatorEntries(found)}
      ${missingScores([...found.rows, ...found.finals.map(({ result }) => result)]).map((one) => entry('Missing scores', missingText(one)))}
      ${devicesEntry(found)}
    </dl>
  </section>`;
}

function entry(name: string, value: string): Markup {
  return html`<dt>${name}</dt>
    <dd>${value}</dd>`;
}

function policyText({ plan: { policy, llm } }: StoredExploration): string {
  return llm === null ? policy : `${policy}, LLM ${llm.model}`;
}

/** The meaning of each kind's parameters; another version would give other models. */
function versionsText(): string {
  return Object.entries(RECIPE_VERSIONS)
    .map(([kind, version]) => `${kind} ${String(version)}`)
    .join(', ');
}

function devicesEntry({ rows }: StoredExploration): Markup {
  const attempts = rows.flatMap(({ stages }) => stages.flatMap((stage) => stage.attempts));
  const devices = [...new Set(attempts.map((attempt) => clipped(deviceText(attempt), 120)))].sort();
  return devices.length === 0 ? html`` : entry('Devices', devices.slice(0, 12).join('; '));
}

function hubText(hub: HubPin | undefined): string {
  return hub === undefined ? '' : `, ${hub.id} at commit ${hub.commit}`;
}

function millions(count: number): string {
  return count < 1e6 ? String(count) : `${(count / 1e6).toFixed(0)} M`;
}
