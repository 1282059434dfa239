# fish completion of kitt. kitt itself says what may come.
function __kitt_complete
	set -l words (commandline -opc)
	set -l word (commandline -ct)
	set -l kitt (string replace -r '^~' -- "$HOME" $words[1])
	for line in ($kitt __complete --word="$word" -- $words[2..-1] 2>/dev/null)
		switch $line
			case ':*files*'
				__fish_complete_path "$word"
			case ':*folders*'
				__fish_complete_directories "$word"
			case ':*'
			case '*'
				echo -- $line
		end
	end
end
complete -c kitt -f -k -a '(__kitt_complete)'
