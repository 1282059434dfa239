// Package docs holds what of the documentation is served as well: the files lie here once.
package docs

import _ "embed"

// OpenAPI is the OpenAPI 3.1 document of the daemon's API, in JSON. `make generate` writes it, from the table of routes
// and the types in service/api.
//
//go:embed openapi.json
var OpenAPI string
