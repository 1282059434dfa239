package shell

import "embed"

//go:embed scripts
var scripts embed.FS

// Shells are those that Script knows.
var Shells = []string{"bash", "zsh", "fish", "powershell"}

// Loads says for each of them how its script is used for good.
var Loads = map[string]string{
	"bash":       `kitt completion bash > ~/.local/share/bash-completion/completions/kitt, or eval "$(kitt completion bash)" in ~/.bashrc`,
	"zsh":        `source <(kitt completion zsh) in ~/.zshrc, behind compinit`,
	"fish":       `kitt completion fish > ~/.config/fish/completions/kitt.fish`,
	"powershell": `kitt completion powershell | Out-String | Invoke-Expression in $PROFILE`,
}

// Script is the completion script of a shell; ok is false for one that is not known.
func Script(shell string) (text string, ok bool) {
	b, err := scripts.ReadFile("scripts/kitt." + shell)
	return string(b), err == nil
}
