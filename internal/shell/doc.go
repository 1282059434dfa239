// Package shell is what shells and man show of the command line: completions and man pages, both read off kong's model
// of it, so that neither can say what main.go does not.
//
//	a key is pressed -> the shell's script -> kitt __complete --word=WORD -- WORDS… -> Ask -> Complete -> a line each
//
// The scripts know nothing but how to ask.
package shell
