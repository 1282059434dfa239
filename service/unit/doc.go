// Package unit makes kitt's keeper a service of launchd or systemd.
//
// Two pure functions, Plist and Unit, write the whole file that the service manager reads. A Manager keeps
// that file and the service manager's own idea of it true:
//
//	look -> the same already? say so, touch nothing
//	     -> else write, load, wait until kitt answers; no answer: put back what was there
//
// It is compiled whole on every system: which manager is there is asked once, in kardianos.go, and whatever
// it asks of the machine goes through a Host, so that every sequence can be tried anywhere.
package unit
