import { cell, MOST_BYTES, withinBytes } from './markdown.js';
import type { ScaleRequest } from './scale.js';

const MOST_LINES = 100;

/** What a scale study is, for the head of its page: fixed at its start. */
export function scaleDetails({ exploration, top, dataFraction, base }: ScaleRequest, label: string): string {
  const lines = [
    `**${cell(label)}**: the best pipelines of **${cell(exploration)}** run again in another size, each compared with its ` +
      'original on the confirm split, item by item.',
    '',
    `- pipelines: ${String(top ?? 3)}`,
    ...(dataFraction === undefined ? [] : [`- rows and optimiser steps: ${String(dataFraction)}×`]),
    ...(base === undefined ? [] : [`- base: ${cell(base)}`]),
    '',
    'A study that was cut short goes on from what is in the store when it is started again.',
  ];
  return withinBytes(lines.join('\n'), MOST_BYTES.details);
}

/** Where a scale study is, as its query has it. */
interface Study {
  readonly label: string;
  readonly models: number;
  readonly waiting: readonly string[];
  readonly running: readonly { readonly job: string }[];
  readonly ended: readonly { readonly job: string; readonly status: string }[];
}

/** A study's current details. */
export function studyDetails({ label, models, waiting, running, ended }: Study): string {
  const left = waiting.length + running.length;
  const lines = [
    `**scale ${cell(label)}** ${String(models - left)} of ${String(models)} models scored on the confirm split`,
    '',
    ...running.map(({ job }) => `- running ${job}`),
    ...ended.map(({ job, status }) => `- ${job}: ${status}`),
  ];
  const shown = lines.slice(0, MOST_LINES);
  const rest = lines.length - shown.length;
  return [...shown, ...(rest > 0 ? [`- and ${String(rest)} more`] : [])].join('\n');
}
