// Package faults is a test: it does to the real kitt what the world does to it, one numbered fault after the other.
// docs/reliability.md lists all of them, each with what is expected and where it can be provoked.
package faults
