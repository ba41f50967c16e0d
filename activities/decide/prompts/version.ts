/** Names the wording of all prompts here and stands in every prompt's hash. Raise it with any change (a test holds it). */
export const PROMPT_VERSION = 'agent-3';
