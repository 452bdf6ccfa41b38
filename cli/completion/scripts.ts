/** Shells that novactl can be completed in. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The command that the scripts ask; people need not see it. */
export const COMPLETE_COMMAND = '__complete';

/** All three ask novactl what may come next, and offer files where it knows nothing. */
const BASH = `# bash completion for novactl. Try it:  source <(novactl completion bash)
_novactl() {
  local IFS=$'\\n'
  COMPREPLY=($(novactl ${COMPLETE_COMMAND} -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _novactl novactl
`;

const ZSH = `#compdef novactl
# zsh completion for novactl. Try it:  source <(novactl completion zsh)
_novactl() {
  local -a candidates
  candidates=("\${(@f)$(novactl ${COMPLETE_COMMAND} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  candidates=("\${(@)candidates:#}")
  if (( \${#candidates} )); then
    compadd -- "\${candidates[@]}"
  else
    _files
  fi
}
if [ "$funcstack[1]" = "_novactl" ]; then
  _novactl "$@"
else
  compdef _novactl novactl
fi
`;

const FISH = `# fish completion for novactl. Try it:  novactl completion fish | source
function __novactl_candidates
    set -l typed (commandline -ct)
    set -l before (commandline -opc)
    set -l found (novactl ${COMPLETE_COMMAND} -- $before[2..-1] "$typed" 2>/dev/null)
    if test (count $found) -gt 0
        string join \\n -- $found
    else
        __fish_complete_path "$typed"
    end
end
complete -c novactl -f -a '(__novactl_candidates)'
`;

/** The script that teaches a shell to complete novactl. */
export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
