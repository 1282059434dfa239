package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"kitt.sh/spec"
)

// Init writes a spec file to begin with; Ecosystem is pm2's word for it, and its file.
type (
	Init      struct{ PM2 bool }
	Ecosystem struct{ Kind string }
)

const initHCL = `# What runs here. kitt apply makes it so; kitt check tells what is wrong with it.
process "web" {
  command = "npm start"
  env     = { PORT = 3000 }
}
`

const initEcosystem = `// What runs here. kitt apply makes it so; kitt check tells what is wrong with it.
module.exports = {
  apps: [{
    name: "web",
    script: "./index.js",
    env: { PORT: 3000 },
    env_production: { NODE_ENV: "production" },
  }],
};
`

func (i Init) Run(_ context.Context, k *Kitt) error {
	if i.PM2 {
		return k.begin("ecosystem.config.cjs", initEcosystem)
	}
	return k.begin("kitt.hcl", initHCL)
}

func (Ecosystem) Run(_ context.Context, k *Kitt) error {
	return k.begin("ecosystem.config.cjs", initEcosystem)
}

// begin writes a file, where there is no spec yet.
func (k *Kitt) begin(name, text string) error {
	if there, err := spec.Find(k.Cwd); err == nil {
		return &trouble{text: "init: there is " + filepath.Base(there) + " already", hint: "kitt check " + filepath.Base(there), code: codeFailed}
	}
	file := filepath.Join(k.Cwd, name)
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("init: %w", err)
	}
	_, err = f.WriteString(text)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("init: %w", err)
	}
	k.note("%s is written: mend it, then kitt apply", name)
	return nil
}
