/** Sent first in every conversation of the agent. The method: LaMDAgent, https://arxiv.org/abs/2505.21963, section 3. */
export function systemPrompt(objective: string): string {
  return `You search for the best post-training pipeline of a language model, one experiment at a time.
An action applies to models made so far and makes a new model, which is then scored. ${objective}
Strong pipelines have several steps, e.g. train models on different data, merge them, train the merged model again.
Names and list positions mean nothing: judge models by recipe and score. Never repeat an experiment. Answer in JSON.`;
}
