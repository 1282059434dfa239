// Package torture kills kitt at random moments and at every step, and counts what went wrong: nothing may.
package torture
