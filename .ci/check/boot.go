package main

import "context"

// boot boots machines with kitt on them: see docs/boot.md. Where that cannot be, it fails.
func boot(ctx context.Context, t *tally) error {
	return t.test(ctx, "go", "test", "-json", "-count=1", "-timeout", "9m", "./internal/boottest", "-args", "-boot")
}
