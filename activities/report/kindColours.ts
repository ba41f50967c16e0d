import { BUILD_KINDS, type BuildKind } from '../../domain/stage.js';

type DrawnKind = BuildKind | 'evaluate';

/** Kinds of stages in the order of legends. */
export const DRAWN_KINDS: readonly DrawnKind[] = [...BUILD_KINDS, 'evaluate'];

/** On white and on black, each at least 3 : 1 (WCAG 2.2, 1.4.11). Trainings on preferences share a family of hues. */
const COLOURS: Readonly<Record<DrawnKind, readonly [light: string, dark: string]>> = {
  sft: ['#2f7d5b', '#6fcf9f'],
  dpo: ['#8a5a00', '#e0ad4f'],
  kto: ['#a8480f', '#f0955c'],
  orpo: ['#9c3d54', '#ef8fa5'],
  cpo: ['#7a6a1c', '#cfc062'],
  distil: ['#1f7f8f', '#63c9d8'],
  rft: ['#4c7a1f', '#a5d16a'],
  onPolicyDpo: ['#94520a', '#edb074'],
  grpo: ['#3b5fc0', '#9db4ff'],
  merge: ['#7b3fb0', '#c79bf2'],
  evaluate: ['#8a8a92', '#8f8f98'],
};

/** `--sft: #2f7d5b; --dpo: …` of one of the two. */
export function colourVariables(of: 'light' | 'dark'): string {
  return DRAWN_KINDS.map((kind) => `--${kind}: ${COLOURS[kind][of === 'light' ? 0 : 1]};`).join(' ');
}

/** The rules that give each kind's nodes and bars their colour. */
export function colourRules(): string {
  const nodes = BUILD_KINDS.map((kind) => `.node.${kind} rect { stroke: var(--${kind}); }`);
  const bars = DRAWN_KINDS.map((kind) => `.bar.${kind} { fill: var(--${kind}); }`);
  return [...nodes, ...bars].join(' ');
}
