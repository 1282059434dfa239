package service

import (
	"io"
	"net/http"

	"kitt.sh/docs"
)

//go:generate go test . -count=1 -run TestTheCommittedDocumentIsThatOfTheCode -update

// getOpenAPI answers with the document as it was committed.
func (d *Daemon) getOpenAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, docs.OpenAPI)
}
