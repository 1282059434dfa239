# bash completion of kitt; works with bash 3.2 too. kitt itself says what may come.
_kitt() {
	local IFS=$'\n' cur=$2 line=${COMP_LINE:0:COMP_POINT} answer also= quoted word
	local whole=${line##*[[:space:]]} kitt=${COMP_WORDS[0]/#\~/$HOME}
	[ "$cur" = = ] && cur=
	COMPREPLY=()
	while IFS= read -r answer; do
		case $answer in
		:*) also=${answer#:} ;;
		*)
			word=${answer%%$'\t'*}
			printf -v quoted %q "$word"
			quoted=${quoted//\\,/,}
			# bash takes --only=web for several words, and wants only the last one
			[ -n "${whole%"$cur"}" ] && quoted=${quoted#"${whole%"$cur"}"}
			COMPREPLY[${#COMPREPLY[@]}]=$quoted
			;;
		esac
	done < <("$kitt" __complete --line="$line" 2>/dev/null)
	case $also in *nospace*) compopt -o nospace 2>/dev/null ;; esac
	case $also in
	*files*) COMPREPLY=(${COMPREPLY[@]+"${COMPREPLY[@]}"} $(compgen -f -- "$cur")) ;;
	*folders*) COMPREPLY=(${COMPREPLY[@]+"${COMPREPLY[@]}"} $(compgen -d -- "$cur")) ;;
	*) return 0 ;;
	esac
	compopt -o filenames 2>/dev/null
	return 0
}
complete -F _kitt kitt
