// Package door tests who may do what to kitt, and how much of it anybody can use up: each line of docs/security.md and
// each figure under "Bounds" in docs/reliability.md has a test here that fails without it.
package door
