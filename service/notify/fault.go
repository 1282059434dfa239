package notify

import (
	"errors"
	"strings"
	"time"
)

// A Fault is why a message did not arrive, in words without a secret.
type Fault struct {
	Text  string
	Final bool          // the same message would never arrive
	After time.Duration // the other side says when to come again
}

func (f *Fault) Error() string { return f.Text }

func fault(text string) *Fault { return &Fault{Text: text} }

func asFault(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return fault(err.Error())
}

// Hide puts stars for each secret in text, however it may be quoted there.
func Hide(text string, secrets []string) string {
	for _, s := range secrets {
		if len(s) >= 4 {
			text = strings.ReplaceAll(text, s, "***")
		}
	}
	return text
}
