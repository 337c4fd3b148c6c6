/** Shells that a script is there for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * The script by which a shell asks `atbd complete -- WORDS` when Tab is pressed. Words travel as arguments and are never evaluated
 * again; each line that comes back is a value, a tab and its description.
 */
export function shellScript(shell: Shell): string {
  return SCRIPTS[shell];
}

const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# bash completion of atbd
_atbd() {
  mapfile -t COMPREPLY < <(atbd complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1)
}
complete -o nosort -F _atbd atbd`,
  zsh: `#compdef atbd
_atbd() {
  local line
  local -a values texts
  for line in "\${(@f)$(atbd complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    values+=("\${line%%$'\\t'*}")
    texts+=("\${line/$'\\t'/  }")
  done
  compadd -l -d texts -a values
}
if [[ $funcstack[1] == _atbd ]]; then _atbd "$@"; else compdef _atbd atbd; fi`,
  fish: `# fish completion of atbd
function __atbd_complete
  set -l words (commandline -opc) (commandline -ct)
  atbd complete -- $words[2..-1] 2>/dev/null
end
complete -c atbd -f -a '(__atbd_complete)'`,
};
