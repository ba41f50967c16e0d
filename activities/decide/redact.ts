/** Shorter ones are stand-ins ("none", "ollama") for endpoints that want any key; replacing them would garble plain words. */
const SHORTEST_SECRET = 8;
const REPLACED = '[OPENAI_API_KEY]';

/**
 * Takes the key out of whatever an endpoint says: some repeat the request's headers in their errors, and what they say
 * is recorded. Redact before texts are cut short: half a key is one too.
 */
export function redactorOf(apiKey: string | null): (text: string) => string {
  if (apiKey === null || apiKey.length < SHORTEST_SECRET) return (text) => text;
  const base64 = Buffer.from(apiKey).toString('base64');
  const forms = [apiKey, encodeURIComponent(apiKey), base64, base64.replace(/=+$/, '')];
  return (text) => [...new Set(forms)].reduce((cleaned, form) => cleaned.replaceAll(form, REPLACED), text);
}
