// Package filewatch tells when files change that a process asked to be restarted for: whole trees, by the system's own
// notes (inotify; kqueue through fsnotify), never by looking again and again.
//
// On Linux a change is told when whoever wrote a file closes it, or moves it into place: a program that keeps its log open
// in a watched folder wakes nobody.
package filewatch
