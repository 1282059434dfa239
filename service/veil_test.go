package service

import "testing"

func TestALineIsShownWithoutWhatMayBeASecret(t *testing.T) {
	for _, row := range []struct{ line, told, want string }{
		{`  comand = "run it"`, `unknown field "comand"`, `  comand = "*** **"`},
		{`  policy = "allways" # x`, `restart.policy: "allways" is not one of always`, `  policy = "allways" * *`},
		{`{"apps":[{"env":{"TOKEN":"sword-fish"},"instances":"x"}]}`, `instances: "x" is no number`, `{"****":[{"***":{"*****":"**********"},"instances":"x"}]}`},
		{"TOKEN: swördfish", "bad indentation", "TOKEN: *********"},
		{"process \"web\" {", "no command", "process \"***\" {"},
		{"", "", ""},
	} {
		if got := veil(row.line, row.told); got != row.want {
			t.Errorf("%s\n%s, want\n%s", row.line, got, row.want)
		}
	}
}
