package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"kitt.sh/service/api"
)

// Scale sets how many instances of a process run, until the number in its file changes.
type Scale struct {
	NoWait  bool
	Timeout time.Duration
	Counts  []string
}

func (s Scale) Run(ctx context.Context, k *Kitt) error {
	words, err := scaleWords(s.Counts)
	if err != nil {
		return err
	}
	counts, err := formation(words)
	if err != nil {
		return err
	}
	if len(counts) == 0 {
		return usage("no number given", "for instance kitt scale web=3")
	}
	return k.order(ctx, "scale", api.Order{Scale: counts, Wait: !s.NoWait, Timeout: s.Timeout})
}

// scaleWords reads `web 3`, as pm2 has it, as web=3. A number is one to reach: one to add would differ with each try.
func scaleWords(words []string) (out []string, err error) {
	for i := 0; i < len(words); i++ {
		word := words[i]
		if !strings.Contains(word, "=") && i+1 < len(words) && !strings.Contains(words[i+1], "=") {
			i++
			word += "=" + words[i]
		}
		if _, number, _ := strings.Cut(word, "="); strings.HasPrefix(number, "+") {
			return nil, usage(fmt.Sprintf("%q is no number to reach", number), "say how many there are to be: kitt scale web=3")
		}
		out = append(out, word)
	}
	return out, nil
}
