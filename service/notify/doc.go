// Package notify decides what people are told of, and tells them.
//
// State is the decider: facts go in, one message at a time comes out. It reads no clock and sends nothing. Resolve finds
// the secrets of a target when they are used, and Send takes one message there.
//
// Each message is delivered at least once: a daemon that dies between a message's arrival and its note of it sends it
// again, under the same id.
package notify
