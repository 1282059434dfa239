// Package client is how a Go program asks kitt, and has it do things: what `kitt status`, `kitt restart` and `kitt logs -f`
// do is a method each.
//
//	c, err := client.Open()
//	status, err := c.Status(ctx)
//	done, err := client.Last(c.Restart(ctx, client.Order{Targets: []string{"web"}, Wait: true, Timeout: time.Minute}))
//
// What streams comes as an iter.Seq2: it ends with the answer, when the loop is left, or with ctx. A stream that follows
// goes on over a restart or an upgrade of kitt's daemon: it asks the next one, and events go on exactly at the next one.
//
// The types of requests and answers are those of kitt.sh/service/api; docs/json.md and docs/openapi.json say the same of
// the wire. Errors are ErrNotRunning where no kitt runs, a *Refusal (what, a way out, and the exit code of the command)
// where it says no, ErrGone where the daemon went away in the midst of an order.
//
// A Client is safe for use by many goroutines. It holds no connection: there is nothing to close.
package client
