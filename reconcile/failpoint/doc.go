// Package failpoint lets a test end kitt at an exact step. Code that must survive its own death names its steps:
//
//	failpoint.Here("keeper.spawn.recorded")
//
// Built with the tag failpoint, and run with KITT_FAILPOINTS naming a board (see Open), a process counts each step that it
// comes to, and kills itself with SIGKILL at one that is armed. Without the tag Here is empty and costs nothing: it is
// inlined to no instruction, and no name of a step is in the program.
package failpoint

// Env names the file of the board.
const Env = "KITT_FAILPOINTS"

// Copy is no step but a switch: while it is armed, a keeper that starts moves bytes by its page and not by splice.
const Copy = "switch.copy"
