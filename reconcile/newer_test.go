package reconcile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestIntentsOfANewerKittAreNotReadAsOldOnes(t *testing.T) {
	for _, text := range []string{
		`{"version":2,"projects":{"shop":{"file":"/new"}}}`,
		`{"version":3,"projects":[{"of":"another form"}]}`,
	} {
		path := filepath.Join(t.TempDir(), "desired.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+".prev", []byte(`{"version":1,"projects":{"shop":{"file":"/old"}}}`), 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := LoadIntents(path)
		if !errors.Is(err, ErrNewer) || len(in.Projects) != 0 {
			t.Errorf("%s: %v, %+v", text, err, in.Projects)
		}
	}
}
