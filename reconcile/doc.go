// Package reconcile is the first floor: make it so.
//
//	spec file ──Load──> Spec ─┐
//	                          ├─Expand──> want ─┐
//	what the user said ───────┘                 ├─Plan──> actions, each with its reason ──> Runtime
//	processes ──Observe──────────────────> have ─┘            │
//	     ▲                                                    │
//	     └───────── events only poke: look again ◄────────────┘
//
// Plan is pure: it reads no clock, starts nothing and keeps nothing. Back-off, limits and deadlines are read
// off what is observed. Applying, an edit, a crash, a restart, a boot and an upgrade of kitt are all this one step.
package reconcile
