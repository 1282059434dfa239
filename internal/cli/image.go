package cli

import (
	"kitt.sh/internal/early"
	"kitt.sh/reconcile/keeper"
)

// image is the file to exec for a child that is the very same program.
func image() (string, error) {
	path, err := early.CalledAs()
	return keeper.Image(path), err
}
