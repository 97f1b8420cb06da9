/**
 * What each shell is told to do on TAB: call `mcpvisor complete` with the words typed so far, and offer its lines.
 *
 * A line is data in all of them: it is read into an array and never expanded. That rules out bash's `compgen -W`, which
 * expands its word list as if it had been typed, `$(…)` included.
 */

export const shells = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof shells)[number];

/**
 * Bash splits words at `:`, `@` and `=`, too, and replaces only the last piece (`$2`) of what was typed. So the line is
 * split at spaces here, and a candidate loses the pieces before the last.
 */
const bash = `_mcpvisor() {
  local IFS=$' \\t\\n' typed=\${COMP_LINE:0:COMP_POINT} candidate before
  local -a words
  read -r -a words <<< "$typed"
  if [[ $typed == *[[:space:]] ]]; then words+=(''); fi
  before=\${words[\${#words[@]} - 1]}
  before=\${before%"$2"}
  COMPREPLY=()
  while IFS= read -r candidate; do
    COMPREPLY+=("\${candidate#"$before"}")
  done < <(mcpvisor complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _mcpvisor mcpvisor
`;

/** Without quotes around the whole, no line is no candidate instead of an empty one. */
const zsh = `#compdef mcpvisor
_mcpvisor() {
  local -a found
  found=(\${(f)"$(mcpvisor complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  compadd -a found
}
compdef _mcpvisor mcpvisor
`;

const fish = `complete -c mcpvisor -f -a '(mcpvisor complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`;

export const scripts = { bash, zsh, fish } as const satisfies Record<Shell, string>;
