// Command bad is kitt with a fault.
package main

import (
	"os"

	"kitt.sh/internal/cli"
	_ "kitt.sh/internal/e2e/testdata/bad/fault"
)

func main() {
	code, _ := cli.Internal(os.Args)
	os.Exit(code)
}
