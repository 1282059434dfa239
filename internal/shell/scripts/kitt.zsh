#compdef kitt
# zsh completion of kitt. kitt itself says what may come.
_kitt() {
	local line word also
	local -a choices opts
	while IFS= read -r line; do
		case $line in
		:*) also=${line#:} ;;
		*)
			word=${line%%$'\t'*}
			choices+=("${word//:/\\:}:${line#*$'\t'}")
			;;
		esac
	done < <("${(Q)words[1]/#\~/$HOME}" __complete --word="${(Q)PREFIX}" -- "${(@Q)words[2,CURRENT-1]}" 2>/dev/null)
	[[ $also == *nospace* ]] && opts=(-S '')
	(( $#choices )) && _describe kitt choices "${opts[@]}"
	[[ $also == *files* ]] && _files
	[[ $also == *folders* ]] && _files -/
	return 0
}
if [[ $funcstack[1] == _kitt ]]; then
	_kitt "$@"
else
	compdef _kitt kitt
fi
