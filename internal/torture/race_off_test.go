//go:build linux && !race

package torture

const raced = false
