package api

// Samples is the answer to GET /v1/samples: what instances used, as far as somebody looked. Where more samples were taken than
// points asked for, each is the highest of its span.
type Samples struct {
	Every     float64  `json:"every"` // seconds between two samples
	Instances []Series `json:"instances"`
}

// A Series is one instance's samples, oldest first: three lists of the same length.
type Series struct {
	ID     string    `json:"id"`     // in full
	At     []int64   `json:"at"`     // unix milliseconds
	CPU    []float64 `json:"cpu"`    // cores, over the whole tree
	Memory []int64   `json:"memory"` // bytes, over the whole tree
}
