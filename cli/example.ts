/** Shown below a command's help. */
export function example(line: string): string {
  return `\nExample:\n  npx lamdagent ${line}\n`;
}
