//go:build never

package spec

import (
	_ "kitt.sh/service"
	_ "os"
)
