package reconcile

import (
	"fmt"
	"strconv"
	"strings"
)

// An ID names an instance: shop/web.1. Instances are numbered from 1.
type ID struct {
	Project, Process string
	N                int
}

// String is the full form, project/process.n.
func (id ID) String() string { return id.Project + "/" + id.Short() }

// Short is the form without the project, process.n.
func (id ID) Short() string { return id.Process + "." + strconv.Itoa(id.N) }

// ParseID reads the full form.
func ParseID(s string) (ID, error) {
	project, rest, ok := strings.Cut(s, "/")
	dot := strings.LastIndexByte(rest, '.')
	if !ok || dot < 1 {
		return ID{}, fmt.Errorf("parse id %q: not project/process.n", s)
	}
	n, err := strconv.Atoi(rest[dot+1:])
	if err != nil || n < 1 || strconv.Itoa(n) != rest[dot+1:] {
		return ID{}, fmt.Errorf("parse id %q: the instance is not a number from 1", s)
	}
	return ID{project, rest[:dot], n}, nil
}

// LifeName names one run of an instance: shop/web.1#GENERATION.NONCE.
func LifeName(id ID, generation uint64, nonce string) string {
	return id.String() + "#" + strconv.FormatUint(generation, 10) + "." + nonce
}

// ParseLife takes a life's name apart.
func ParseLife(name string) (id ID, generation uint64, err error) {
	head, tail := name, ""
	if at := strings.LastIndexByte(name, '#'); at >= 0 { // a process may have a # in its name too
		head, tail = name[:at], name[at+1:]
	}
	if id, err = ParseID(head); err != nil {
		return ID{}, 0, err
	}
	gen, _, _ := strings.Cut(tail, ".")
	if generation, err = strconv.ParseUint(gen, 10, 64); err != nil {
		return ID{}, 0, fmt.Errorf("parse life %q: no generation", name)
	}
	return id, generation, nil
}
