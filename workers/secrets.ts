/** What a process needs of the environment's accounts: the S3 store's, the language model's, the judge's, the Hugging Face Hub's, the person's own Temporal service's, a tracking server's. */
export type Need = 'store' | 'llm' | 'judge' | 'hub' | 'temporal' | 'tracker';

const NEEDED: Readonly<Record<Need, RegExp>> = {
  store: /^AWS_/,
  llm: /^OPENAI_API_KEY$/,
  judge: /^LAMDAGENT_JUDGE_API_KEY$/,
  hub: /^HF_TOKEN$/,
  temporal: /^TEMPORAL_/,
  tracker: /^MLFLOW_TRACKING_/,
};
/** Accounts of ours, whatever their variables are called. */
const ACCOUNTS = /^(AWS|OPENAI|TEMPORAL)_/;
/** What secrets are called: HF_TOKEN, WANDB_API_KEY, GOOGLE_APPLICATION_CREDENTIALS, PGPASSWORD ... */
const SECRET = /(^|_)(KEY|APIKEY|TOKEN|SECRET|PASS|PASSPHRASE|CREDENTIALS?|AUTH)(_|$)|PASSWORD|PASSWD/i;
/** They choose the build of an orchestrator in a fleet; the one of an embedded installation is not versioned. */
const FLEET = /^LAMDAGENT_(DEPLOYMENT|BUILD_ID)$/;

/** Whether a process of an embedded installation may see the variable. */
export function isPermitted(name: string, needs: readonly Need[]): boolean {
  if (needs.some((need) => NEEDED[need].test(name))) return true;
  return !ACCOUNTS.test(name) && !SECRET.test(name) && !FLEET.test(name);
}
