// Command launchsim is a simulation of launchd and launchctl, for tests of kitt on machines that are no Mac.
//
//	launchsim launchd DIR      loads the agents of $HOME, then obeys DIR/launchctl until it is told to end
//	DIR/launchctl VERB ...     a link to the same program: bootstrap, bootout, print, enable, disable, ...
//	DIR/launchctl @odd K=V     makes it misbehave as people have reported of the real one: see odd
//
// It really starts, watches and ends the program that a property list names. It is made from manuals, from Apple's published
// source and from other projects' reports, and proves nothing about a real launchd.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if filepath.Base(os.Args[0]) == "launchctl" {
		os.Exit(launchctl(filepath.Dir(os.Args[0]), os.Args[1:]))
	}
	if len(os.Args) != 3 || os.Args[1] != "launchd" {
		fmt.Fprintln(os.Stderr, "usage: launchsim launchd DIR")
		os.Exit(2)
	}
	if err := launchd(os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "launchsim:", err)
		os.Exit(1)
	}
}
