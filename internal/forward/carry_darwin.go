package forward

import (
	"context"
	"net"
)

func (f *Forwarder) carry(ctx context.Context, l net.Listener) error { return f.byGoroutines(ctx, l) }
