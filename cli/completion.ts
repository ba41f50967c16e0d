import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A command by its whole name, e.g. `recipe run`, and what may follow it. */
interface Entry {
  readonly words: string;
  readonly options: readonly string[];
  /** Its first argument is the name of an exploration. */
  readonly takesName: boolean;
}

/** The script that a shell reads: commands, their options, names of explorations in this home, else files. */
export function completionScript(shell: Shell, program: Command): string {
  const entries = entriesOf(program, []);
  const tops = topsOf(entries);
  switch (shell) {
    case 'bash':
      return bashScript(entries, tops);
    case 'zsh':
      return `#compdef lamdagent\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(entries, tops)}`;
    case 'fish':
      return fishScript(entries, tops);
    default:
      return shell satisfies never;
  }
}

function entriesOf(program: Command, before: readonly string[]): readonly Entry[] {
  return program.commands.flatMap((command) => {
    const words = [...before, command.name()];
    const own: Entry = {
      words: words.join(' '),
      options: command.options.flatMap(({ long }) => (typeof long === 'string' ? [long] : [])),
      takesName: command.registeredArguments[0]?.name() === 'name',
    };
    return [own, ...entriesOf(command, words)];
  });
}

function topsOf(entries: readonly Entry[]): readonly string[] {
  return [...new Set(entries.map(({ words }) => words.split(' ')[0] ?? ''))];
}

/** Where the store of a home keeps the names of its explorations (activities/store/keys.ts). */
const NAMES = `ls "\${LAMDAGENT_HOME:-.lamdagent}/store/names" 2>/dev/null | sed 's/\\.json$//'`;

function bashScript(entries: readonly Entry[], tops: readonly string[]): string {
  const cases = entries.map(({ words, options, takesName }) => {
    const below = entries
      .filter((one) => one.words.startsWith(`${words} `))
      .map((one) => one.words.split(' ')[1]);
    const names = takesName && below.length === 0 ? ` $(${NAMES})` : '';
    return `    '${words}') known="${[...below, ...options, '--help'].join(' ')}${names}" ;;`;
  });
  const nested = tops.filter((top) => entries.some(({ words }) => words.startsWith(`${top} `)));
  return `# lamdagent completion bash: put \`source <(npx lamdagent completion bash)\` into ~/.bashrc
_lamdagent() {
  local word="\${COMP_WORDS[COMP_CWORD]}" first=1 command known
  [ "\${COMP_WORDS[0]}" = npx ] && first=2
  command="\${COMP_WORDS[first]}"
  case "$command" in
    ${nested.join(' | ') || '-'}) [ "$COMP_CWORD" -gt $((first + 1)) ] && command="$command \${COMP_WORDS[first + 1]}" ;;
  esac
  if [ "$COMP_CWORD" -le "$first" ]; then
    COMPREPLY=($(compgen -W "${tops.join(' ')}" -- "$word"))
    return
  fi
  case "$command" in
${cases.join('\n')}
    *) known='' ;;
  esac
  COMPREPLY=($(compgen -W "$known" -- "$word"))
}
complete -o default -F _lamdagent lamdagent
`;
}

const FISH_NAMES =
  '(ls (set -q LAMDAGENT_HOME; and echo $LAMDAGENT_HOME; or echo .lamdagent)/store/names 2>/dev/null | string replace .json "")';

function fishScript(entries: readonly Entry[], tops: readonly string[]): string {
  const lines = entries.flatMap(({ words, options, takesName }) => {
    const seen = words
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ');
    const [, below] = words.split(' ');
    const parent = words.split(' ')[0] ?? '';
    return [
      ...(below === undefined
        ? []
        : [`complete -c lamdagent -n '__fish_seen_subcommand_from ${parent}' -a ${below}`]),
      ...options.map((option) => `complete -c lamdagent -n '${seen}' -l ${option.replace(/^--/, '')}`),
      ...(takesName ? [`complete -c lamdagent -n '${seen}' -a '${FISH_NAMES}'`] : []),
    ];
  });
  return `# lamdagent completion fish: put \`npx lamdagent completion fish | source\` into ~/.config/fish/config.fish
complete -c lamdagent -n __fish_use_subcommand -f -a '${tops.join(' ')}'
${lines.join('\n')}
`;
}
