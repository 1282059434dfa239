// Package layers is a test: it keeps the house as it is drawn in docs/design.md. Imports only go down,
// spec < reconcile < service < internal/cli < main, and some rooms import nothing of ours at all.
package layers
