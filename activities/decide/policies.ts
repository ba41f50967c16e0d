import type { PolicyName } from '../../domain/plan.js';
import { agentPolicy } from './agent.js';
import type { Policy } from './policy.js';
import { randomPolicy } from './random.js';

/** Every policy. To add one: write its file, name it in `POLICY_NAMES` and here; the conformance suite takes it from here. */
export const POLICIES: Readonly<Record<PolicyName, Policy>> = { random: randomPolicy, agent: agentPolicy };
