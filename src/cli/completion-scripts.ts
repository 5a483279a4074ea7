import { writeFileAtomic } from "../system/files.ts";

/** Completion scripts by shell. All ask `dhow __complete LINE`; src/cli/complete.ts says what that answers. */
export const completionScripts = {
  bash: `# bash completion for dhow. Try it with: source <(dhow completion bash)
_dhow() {
  local line=\${COMP_LINE:0:COMP_POINT} current=\${COMP_WORDS[COMP_CWORD]} typed candidate
  # readline takes what stands behind the last = or : for the word.
  typed=\${line##*[[:space:]]}
  case $current in = | :) current= ;; esac
  COMPREPLY=()
  while IFS= read -r candidate; do
    if [[ $candidate == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -f -- "$current")
    else
      candidate=\${candidate%%$'\\t'*}
      COMPREPLY+=("\${candidate#"\${typed%"$current"}"}")
    fi
  done < <("\${COMP_WORDS[0]}" __complete "$line" 2>/dev/null)
}
complete -F _dhow dhow
`,
  zsh: `#compdef dhow
# zsh completion for dhow. Try it with: source <(dhow completion zsh)
_dhow() {
  local line candidate files=
  local -a found
  line="\${(j: :)words[1,CURRENT-1]} $PREFIX"
  while IFS= read -r candidate; do
    if [[ $candidate == :files ]]; then
      files=1
    else
      found+=("\${\${candidate%%$'\\t'*}//:/\\\\:}\${\${(M)candidate%%$'\\t'*}:+:\${candidate#*$'\\t'}}")
    fi
  done < <("\${words[1]}" __complete "$line" 2>/dev/null)
  (( \${#found} )) && _describe -t dhow 'dhow' found
  [[ -n $files ]] && _files
}
if [[ $funcstack[1] == _dhow ]]; then
  _dhow "$@"
else
  compdef _dhow dhow
fi
`,
  fish: `# fish completion for dhow. Try it with: dhow completion fish | source
function __dhow_complete
  for candidate in (dhow __complete (commandline -cp) 2>/dev/null)
    if test "$candidate" = :files
      __fish_complete_path (commandline -ct)
    else
      echo -- $candidate
    end
  end
end
complete -c dhow -f -a '(__dhow_complete)'
`,
} as const;

export type CompletedShell = keyof typeof completionScripts;

/** Writes a script to a file that a shell will read. Atomic. */
export function saveScript(path: string, script: string): void {
  writeFileAtomic(path, script, { mode: 0o644 });
}
