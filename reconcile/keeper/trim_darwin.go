package keeper

// dropText does nothing: the system's own accounting leaves clean text out.
func dropText() {}
