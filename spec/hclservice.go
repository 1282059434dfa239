package spec

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// serviceBlock is the header of a service block in body. `service {}` is enough; `service "kitt" {}` reads well too.
func serviceBlock(body hcl.Body) hcl.BlockHeaderSchema {
	header := hcl.BlockHeaderSchema{Type: "service"}
	if native, ok := body.(*hclsyntax.Body); ok {
		for _, b := range native.Blocks {
			if b.Type == header.Type && len(b.Labels) > 0 {
				header.LabelNames = []string{"name"}
			}
		}
	}
	return header
}

// readService reads whether kitt itself is to be a service.
func (h *hclReader) readService(blocks hcl.Blocks) {
	for i, b := range blocks {
		switch {
		case i > 0:
			h.complain(h.pos(b.DefRange), "", "there is a service block already")
			return
		case len(b.Labels) > 0 && b.Labels[0] != "kitt":
			h.complain(h.pos(b.DefRange), `process "`+b.Labels[0]+`" { … } is one that kitt runs`, "service %q: a service block is about kitt itself", b.Labels[0])
			return
		}
		h.spec.Service = &Service{Origin: h.pos(b.DefRange)}
		if attr := h.content(b.Body, rootSchema([]string{"system"})).Attributes["system"]; attr != nil {
			if v := h.value("service.system", attr, h.eval); v != nil {
				h.spec.Service.System = v.boolean(false)
			}
		}
	}
}
