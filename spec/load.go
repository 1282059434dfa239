package spec

import "context"

// A Request says what to read and what the reader may know. It holds all that Load depends on
// besides the files, so that the same Request later reads an edit the same way.
type Request struct {
	Path      string            `json:"path"`                // the file; or a folder, then the first of Names in it
	Cwd       string            `json:"cwd"`                 // where apply was called
	Env       map[string]string `json:"env,omitempty"`       // the captured environment: env.NAME, process.env
	Profile   string            `json:"profile,omitempty"`   // kitt.hcl profile, pm2 env_NAME
	Formation map[string]int    `json:"formation,omitempty"` // Procfile: web=2; "all" sets the default
	Port      int               `json:"port,omitempty"`      // Procfile: base port; 0 = PORT of .env, of Env, 5000
	Scale     map[string]int    `json:"scale,omitempty"`     // instances that Each must cover beyond the file's own number
}

// Names are looked for in a folder, in this order.
var Names = []string{"kitt.hcl", "kitt.hcl.json", "Procfile",
	"ecosystem.config.cjs", "ecosystem.config.js", "ecosystem.config.mjs", "ecosystem.config.json",
	"ecosystem.json", "ecosystem.yml", "ecosystem.yaml"}

// Eval runs a JavaScript file apart from this process and returns what it exports as JSON,
// with the absolute paths of every file it read.
type Eval func(ctx context.Context, file string, req Request) (value []byte, reads []string, err error)
