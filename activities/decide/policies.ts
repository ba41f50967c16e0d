import type { PolicyName } from '../../domain/plan.js';
import { agentPolicy } from './agent.js';
import { evolutionPolicy } from './evolution.js';
import { hybridPolicy } from './hybrid.js';
import type { Policy } from './policy.js';
import { randomPolicy } from './random.js';
import { tpePolicy } from './tpe.js';

/** Every policy. To add one: write its file, name it in `POLICY_NAMES` and here; the conformance suite takes it from here. */
export const POLICIES: Readonly<Record<PolicyName, Policy>> = {
  random: randomPolicy,
  evolution: evolutionPolicy,
  tpe: tpePolicy,
  agent: agentPolicy,
  hybrid: hybridPolicy,
};
